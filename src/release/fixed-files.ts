/**
 * The files of fixed names that older clients read. A copy of them goes with each release (`fixed/<sequence>/…`), so that they can be put in place
 * when it becomes current, and brought back when it is yanked. They follow the pointer: who is killed between is finished by the next run.
 */
import { ReleaseError } from '../errors/index.ts';
import { canonicalBytes, parseCanonical } from '../format/canonical-json.ts';
import { list, text } from '../format/checked-json.ts';
import { type DraftFolder, readDraftFile } from './draft-files.ts';
import type { ReleaseTarget } from './target.ts';
import { isEqual } from './targets/path.ts';

export const FIXED = 'fixed';

/** Which there are, in the order in which they are put in place: a version never before what it names. */
const NAMES = 'files.json';

export async function putFixedFiles(
  { draft, folder }: DraftFolder,
  target: ReleaseTarget,
  sequence: number,
): Promise<void> {
  const files: FixedFile[] = [];
  for (const name of draft.mutableFiles)
    files.push({ name, bytes: await readDraftFile(folder, name) });
  await put(target, sequence, files);
}

/** For a release that has the content of another. */
export async function copyFixedFiles(
  target: ReleaseTarget,
  from: number,
  to: number,
): Promise<void> {
  await put(target, to, await readFixedFiles(target, from));
}

/** Puts those of a release in place; nothing where it has none. */
export async function showFixedFiles(target: ReleaseTarget, sequence: number): Promise<void> {
  for (const { name, bytes } of await readFixedFiles(target, sequence)) {
    const found = await target.get(name);
    if (found === undefined || !isEqual(found, bytes))
      await target.switchPointer(name, bytes, found);
  }
}

/** Takes them from one place to another, as far as they are there. @returns their bytes together */
export async function bringFixedFiles(
  source: Pick<ReleaseTarget, 'name' | 'get'>,
  target: ReleaseTarget,
  sequence: number,
): Promise<number> {
  const files = await readFixedFiles(source, sequence);
  await put(target, sequence, files);
  return files.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

interface FixedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

async function put(target: ReleaseTarget, sequence: number, files: FixedFile[]): Promise<void> {
  if (files.length === 0) return;
  for (const { name, bytes } of files) await target.put(`${FIXED}/${sequence}/${name}`, bytes);
  const names = files.map(({ name }) => name);
  await target.put(`${FIXED}/${sequence}/${NAMES}`, canonicalBytes(names));
}

async function readFixedFiles(
  target: Pick<ReleaseTarget, 'name' | 'get'>,
  sequence: number,
): Promise<FixedFile[]> {
  const folder = `${FIXED}/${sequence}`;
  const list = await target.get(`${folder}/${NAMES}`);
  if (list === undefined) return [];
  const files: FixedFile[] = [];
  for (const name of readNames(parseCanonical(list, NAMES, MAX_BYTES), NAMES)) {
    const bytes = await target.get(`${folder}/${name}`);
    if (bytes === undefined)
      throw new ReleaseError('published', `${target.name}: ${folder}/${name} is missing.`, {
        remedy: 'Build with --force and publish again.',
      });
    files.push({ name, bytes });
  }
  return files;
}

const MAX_BYTES = 1_048_576;
/** Beside the pointer, and none of the names that are taken there. */
const readNames = list(
  text(200, /^(?!channel\.json$|root\.)[A-Za-z0-9_][A-Za-z0-9._-]*$/, 'the name of a file'),
  100,
);
