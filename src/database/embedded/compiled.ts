/**
 * PGlite's WebAssembly, compiled once in a process and shared by the threads of all its databases: a second
 * database starts in half the time, with the code that V8 has optimised for the first.
 */
import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';

/** Only TypeScript's library for browsers knows it, and that would bring `window` along. */
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<WasmModule> };

/** Passes from thread to thread without being copied. */
type WasmModule = object;

/** The names are those of PGlite's own options. */
export interface CompiledPostgres {
  pgliteWasmModule: WasmModule;
  initdbWasmModule: WasmModule;
}

let compiled: Promise<CompiledPostgres> | undefined;

/** Takes some 180 ms the first time, and keeps what it made. */
export function compiledPostgres(): Promise<CompiledPostgres> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<CompiledPostgres> {
  // Where several threads have run PGlite, V8 13.6 (Node 24) aborts the process now and then as it frees compiled code that
  // is used no more ("Check failed: jit_page.has_value()", nodejs/node#64500). It is not freed then: some megabytes.
  setFlagsFromString('--no-wasm-code-gc');
  const entry = import.meta.resolve('@electric-sql/pglite');
  const load = async (name: string) =>
    WebAssembly.compile(await readFile(new URL(`./${name}`, entry)));
  const [pgliteWasmModule, initdbWasmModule] = await Promise.all([
    load('pglite.wasm'),
    load('initdb.wasm'),
  ]);
  return { pgliteWasmModule, initdbWasmModule };
}
