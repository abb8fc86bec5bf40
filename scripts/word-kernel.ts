/**
 * Compiles the WebAssembly that counts words (`src/ranking/kernel/`, in AssemblyScript) and writes it as a module of bytes.
 *
 *     node scripts/word-kernel.ts        writes src/ranking/word-kernel.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const ENTRY = 'src/ranking/kernel/count-words.ts';
const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** No runtime but a heap that only grows, no checks, nothing imported. */
const OPTIONS = ['-O3', '--runtime', 'stub', '--noAssert', '--use', 'abort='];

export async function wordKernel(): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await main([ENTRY, ...OPTIONS, '--outFile', 'kernel.wasm'], {
    readFile: (name, folder) => {
      try {
        return readFileSync(`${ROOT}${folder}/${name}`, 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (name, contents) => {
      if (name === 'kernel.wasm') binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined)
    throw new Error(`${error?.message}\n${stderr.toString()}`);
  return binary;
}

if (import.meta.main) {
  const bytes = await wordKernel();
  const lines = Buffer.from(bytes)
    .toString('base64')
    .match(/.{1,88}/g)
    ?.map((line) => `  '${line}'`);
  writeFileSync(
    'src/ranking/word-kernel.ts',
    `/** WebAssembly, ${bytes.length} bytes in base64. Made by \`scripts/word-kernel.ts\` from the folder \`kernel\`. */\nexport const WORD_KERNEL =\n${lines?.join(' +\n')};\n`,
  );
}
