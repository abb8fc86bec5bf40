/** Runs a module of a project in Node, Deno and Bun, and in a page of Chromium; whichever of them are there. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const run = promisify(execFile);
const DENO = ['run', '--allow-read', '--no-prompt'];
export const RUNTIMES: readonly [name: string, program: string | undefined, args: string[]][] = [
  ['Node', process.execPath, []],
  ['Deno', process.env['EVERVEC_TEST_DENO'], DENO],
  ['Bun', process.env['EVERVEC_TEST_BUN'], []],
];
export const CHROMIUM = process.env['EVERVEC_TEST_CHROMIUM'] ?? '';
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
};

/** @returns what the module prints, as JSON */
export async function runModule(
  program: string | undefined,
  args: readonly string[],
  module: string,
  folder: string,
): Promise<unknown> {
  const { stdout } = await run(program ?? '', [...args, module], { cwd: folder });
  return JSON.parse(stdout);
}

/** @returns what `module`, served from the folder, exports as `name` */
export async function importInChromium(
  module: string,
  name: string,
  folder: string,
): Promise<unknown> {
  await writeFile(path.join(folder, 'index.html'), '<!doctype html><title>page</title>');
  const server = await serveFolder(folder);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    const { port } = server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/index.html`);
    // As a string: the test runner would turn an import in a function into its own.
    return await page.evaluate(`import('/${module}').then((module) => module['${name}'])`);
  } finally {
    await browser.close();
    server.close();
  }
}

/** @param headers of every answer */
export async function serveFolder(
  folder: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const server = createServer(async (request, response) => {
    const file = path.join(folder, new URL(request.url ?? '/', 'http://x').pathname);
    const body = await readFile(file).catch(() => undefined);
    const type = TYPES[path.extname(file)] ?? 'application/octet-stream';
    response
      .writeHead(body === undefined ? 404 : 200, { ...headers, 'content-type': type })
      .end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
