/** Finds and loads `evervec.config.ts`. */
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Config, parseConfig } from '../engine/index.ts';
import { ConfigError } from '../errors/index.ts';

const NAMES = [
  'evervec.config.ts',
  'evervec.config.mts',
  'evervec.config.js',
  'evervec.config.mjs',
];

/** The configuration file in `folder`, or null. */
export function findConfig(folder: string): string | null {
  return NAMES.map((name) => path.join(folder, name)).find((file) => existsSync(file)) ?? null;
}

/**
 * `import { defineConfig } from 'evervec'` in the file means the Evervec that loads it, installed beside
 * the file or not.
 */
function resolveOurselves(): void {
  const extension = path.extname(import.meta.url);
  const ourselves = new URL(`../index${extension}`, import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'evervec' ? { url: ourselves, shortCircuit: true } : next(specifier, context),
  });
}

let areHooksIn = false;

/** @throws ConfigError when the file is missing, does not load, or says something wrong */
export async function loadConfig(file: string): Promise<Config> {
  if (!existsSync(file))
    throw new ConfigError(`There is no configuration ${file}.`, {
      remedy: 'Check the path, or run "evervec init" to write one.',
      isUsage: true,
    });
  if (!areHooksIn) resolveOurselves();
  areHooksIn = true;
  let loaded: { default?: unknown };
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (error) {
    throw new ConfigError(
      `${file} does not load: ${error instanceof Error ? error.message : String(error)}`,
      { remedy: 'Run it with node to see where it fails.', isUsage: true, cause: error },
    );
  }
  if (loaded.default === undefined)
    throw new ConfigError(`${file} has no default export.`, {
      remedy: 'Write "export default defineConfig({ … })".',
      isUsage: true,
    });
  return parseConfig(loaded.default, file);
}
