/** Bundles what is under test as an app's build would. */
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/**
 * @param code a module; its imports are relative to this folder
 * @param whole also what it loads later, in one file; else only what is loaded at once
 */
export async function bundle(code: string, { minify = false, whole = true } = {}): Promise<string> {
  const name = `${HERE}entry-of-test.ts`;
  const build = await rolldown({
    input: name,
    platform: 'browser',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === name ? id : undefined),
        load: (id) => (id === name ? { code, moduleType: 'ts' } : undefined),
      },
    ],
  });
  const { output } = await build.generate({ format: 'esm', minify, codeSplitting: !whole });
  await build.close();
  const chunks = output.filter((part) => part.type === 'chunk');
  const loaded = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  for (const file of loaded)
    for (const other of chunks.find(({ fileName }) => fileName === file)?.imports ?? [])
      loaded.add(other);
  return chunks
    .filter(({ fileName }) => loaded.has(fileName))
    .map(({ code }) => code)
    .join('\n');
}
