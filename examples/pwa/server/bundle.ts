/** Bundles the page: the app with the keys that it pins, the worker that searches, and a service worker that knows all files of both. */
import { createHash } from 'node:crypto';
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type InputOptions, rolldown } from 'rolldown';

const at = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const PAGE = at('../page');
/** Goes as it is. */
const STATIC = /\.(html|css|svg|webmanifest)$/;
const WORKER = at('../../../src/client/search/index-worker.ts');

/** @param keys the folder that `release keys new` made */
export async function bundlePage(out: string, keys: string): Promise<void> {
  await rm(out, { recursive: true, force: true });
  for (const name of await readdir(PAGE))
    if (STATIC.test(name)) await cp(path.join(PAGE, name), path.join(out, name));
  const rootKeys = await readFile(path.join(keys, 'trust.json'), 'utf8');
  await write(out, {
    input: { app: path.join(PAGE, 'main.tsx'), 'index-worker': WORKER },
    transform: { define: { ROOT_KEYS: rootKeys } },
  });
  const files = (await readdir(out)).filter((name) => name !== 'index.html').toSorted();
  const define = {
    FILES: JSON.stringify(['./', ...files]),
    VERSION: JSON.stringify(await versionOf(out)),
  };
  await write(out, {
    input: { 'service-worker': path.join(PAGE, 'service-worker.ts') },
    transform: { define },
  });
}

async function write(out: string, { transform, ...options }: InputOptions): Promise<void> {
  const build = await rolldown({
    ...options,
    platform: 'browser',
    // Its paths say where `evervec/client` is in this repository; where the package is installed nothing has to.
    tsconfig: path.join(PAGE, 'tsconfig.json'),
    transform: {
      ...transform,
      define: { 'process.env.NODE_ENV': '"production"', ...transform?.define },
    },
  });
  await build.write({
    dir: out,
    format: 'esm',
    minify: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
  });
  await build.close();
}

/** Of what the files are: with other files the service worker is another one, and fetches them. */
async function versionOf(out: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(out)).toSorted())
    hash.update(`${name}\0`).update(await readFile(path.join(out, name)));
  return hash.digest('hex').slice(0, 12);
}
