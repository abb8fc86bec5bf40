/**
 * Compiles what is written in AssemblyScript to WebAssembly, and writes the bytes as modules: what counts words, and what embeds texts.
 *
 *     node scripts/kernels.ts        writes src/ranking/word-kernel.ts and src/embed/embedded/embed-kernel.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

interface KernelSource {
  /** Its folder is `kernel`, beside the module of its bytes. */
  readonly entry: string;
  readonly module: string;
  /** The constant that the module exports. */
  readonly name: string;
  readonly options: readonly string[];
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** No runtime but a heap that only grows, no checks, nothing imported. */
const OPTIONS = ['-O3', '--runtime', 'stub', '--noAssert', '--use', 'abort='];

export const KERNELS = {
  words: {
    entry: 'src/ranking/kernel/count-words.ts',
    module: 'src/ranking/word-kernel.ts',
    name: 'WORD_KERNEL',
    options: [],
  },
  embedding: {
    entry: 'src/embed/embedded/kernel/embed-text.ts',
    module: 'src/embed/embedded/embed-kernel.ts',
    name: 'EMBED_KERNEL',
    options: ['--enable', 'simd'],
  },
} as const satisfies Record<string, KernelSource>;

export async function compileKernel({ entry, options }: KernelSource): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await main(
    [entry, ...OPTIONS, ...options, '--outFile', 'kernel.wasm'],
    {
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
    },
  );
  if (error !== null || binary === undefined)
    throw new Error(`${error?.message}\n${stderr.toString()}`);
  return binary;
}

if (import.meta.main)
  for (const kernel of Object.values(KERNELS)) {
    const bytes = await compileKernel(kernel);
    const lines = Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,88}/g)
      ?.map((line) => `  '${line}'`);
    writeFileSync(
      kernel.module,
      `/** WebAssembly, ${bytes.length} bytes in base64. Made by \`scripts/kernels.ts\` from the folder \`kernel\`. */\nexport const ${kernel.name} =\n${lines?.join(' +\n')};\n`,
    );
  }
