/** The index of a draft as a base for the next one. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ReleaseBase, readDraft } from '../../src/release/index.ts';

/** @param folder of a draft */
export async function readPlainIndex(folder: string): Promise<ReleaseBase> {
  const { sha256, files } = (await readDraft(folder)).manifest.index;
  const plain = files.find(({ encoding }) => encoding === 'identity')?.path ?? '';
  const bytes = await readFile(path.join(folder, plain));
  return { sha256, load: async () => bytes };
}
