#!/usr/bin/env node
// Starts the command: from source in the repository, from dist/ in the published package.
// Plain JavaScript, since the Node that finds it may be too old to strip types.
import { existsSync, mkdirSync } from 'node:fs';
import * as nodeModule from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const source = at('../src/cli/main.ts');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isNewEnough = major > 22 || (major === 22 && minor >= 18);

if (isNewEnough) {
  keepCompiled();
  await import(existsSync(source) ? source : at('../dist/cli/main.js'));
} else {
  // `npx` in the repository may run on the system's Node; the pinned one is beside it.
  const pinned = at('../node_modules/.bin/node');
  if (!existsSync(pinned)) {
    console.error(`evervec needs Node 22.18 or newer, this is ${process.versions.node}.`);
    process.exit(2);
  }
  const { spawn } = await import('node:child_process');
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

/** Halves the time until a command does something. At home: what is in the temporary folder others may have put there. */
function keepCompiled() {
  let folder = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  try {
    // One by one: Node's way to make all at once does not return where the first can't be made.
    if (!existsSync(folder)) mkdirSync(folder);
    folder = path.join(folder, 'evervec');
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    nodeModule.enableCompileCache(folder);
  } catch {
    // Without a home nothing is kept.
  }
}
