/** The app of the tests as Vite builds it from the published package, and a server that shows it with its releases. */
import { cp, readdir, readFile, realpath, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

import type { Project } from '../setup/built-package.ts';
import type { ReleaseSite } from './release-site.ts';

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };
const NODE_MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/** @returns the folder of the app as Vite builds it, its service worker with the list of its files */
export async function buildApp(project: Project): Promise<string> {
  const root = path.join(project.path, 'app');
  const out = path.join(project.path, 'built');
  await cp(fileURLToPath(new URL('app', import.meta.url)), root, { recursive: true });
  for (const name of ['react', 'react-dom', 'scheduler'])
    await symlink(
      await realpath(path.join(NODE_MODULES, name)),
      path.join(project.path, 'node_modules', name),
    );
  const options = { root, base: './', logLevel: 'error', configFile: false } as const;
  await build({ ...options, build: { outDir: out, minify: false } });
  const names = await readdir(out, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile() && entry.name !== 'index.html')
    .map((entry) => path.relative(out, path.join(entry.parentPath, entry.name)));
  await build({
    ...options,
    define: { __FILES__: JSON.stringify(['./', ...files]) },
    build: {
      outDir: out,
      emptyOutDir: false,
      rolldownOptions: {
        input: path.join(root, 'service-worker.js'),
        output: { entryFileNames: '[name].js' },
      },
    },
  });
  return out;
}

/** The app, and the releases below `kb/`. */
export async function serveApp(folder: string, site: ReleaseSite): Promise<Server> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://x');
    const name = pathname === '/' ? 'index.html' : decodeURIComponent(pathname.slice(1));
    const body = name.startsWith('kb/')
      ? site.files.get(name.slice('kb/'.length))
      : await readFile(path.join(folder, name)).catch(() => undefined);
    const type = TYPES[path.extname(name)] ?? 'application/octet-stream';
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

export async function end(server: Server | undefined): Promise<void> {
  server?.closeAllConnections();
  await new Promise<void>((resolve) =>
    server === undefined ? resolve() : server.close(() => resolve()),
  );
}
