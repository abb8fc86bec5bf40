/** Bundles what is under test as an app's build would. */
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/**
 * In one file.
 * @param code a module; its imports are relative to this folder
 * @param external what is left out: it is loaded later, by itself
 */
export async function bundle(
  code: string,
  { minify = false, external }: { minify?: boolean; external?: RegExp } = {},
): Promise<string> {
  const name = `${HERE}entry-of-test.ts`;
  const build = await rolldown({
    input: name,
    platform: 'browser',
    ...(external !== undefined && { external }),
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === name ? id : undefined),
        load: (id) => (id === name ? { code, moduleType: 'ts' } : undefined),
      },
    ],
  });
  const { output } = await build.generate({ format: 'esm', minify, codeSplitting: false });
  await build.close();
  return output.map((part) => (part.type === 'chunk' ? part.code : '')).join('\n');
}
