/** Reads the folder of a draft, and believes nothing in it: each file must be what was written, byte for byte. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { FormatError, ReleaseError } from '../errors/index.ts';
import { readManifest, timeText } from '../format/index.ts';
import { parseCanonical } from '../format/canonical-json.ts';
import { list, shape, text } from '../format/checked-json.ts';
import { hash, path as releasePath } from '../format/trust/fields.ts';
import type { DraftManifest, ReleaseDraft } from './draft.ts';
import { DRAFT_FILE, takeBack } from './write-draft.ts';

const MAX_BYTES = 4 * 1_048_576;
const readHead = shape({
  name: text(100),
  files: list(releasePath, 1_000),
  mutableFiles: list(releasePath, 100),
});

/**
 * @returns the draft in a folder, every file of it checked
 * @throws ReleaseError (draft) when there is none, or it is damaged
 */
export async function readDraft(folder: string): Promise<ReleaseDraft> {
  await takeBack(folder);
  const file = path.join(folder, DRAFT_FILE);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new ReleaseError('draft', `There is no draft of a release in ${folder}.`, {
      remedy: 'Run "evervec release build".',
      isUsage: true,
      cause,
    });
  });
  const { draft, sha256 } = parseDraft(bytes, folder);
  const unnamed = filesOf(draft.manifest).find((each) => !draft.files.includes(each));
  if (unnamed !== undefined) throw damaged(folder, unnamed);
  for (const each of [...draft.files, ...draft.mutableFiles])
    if ((await digestOfFile(folder, each)) !== sha256.get(each)) throw damaged(folder, each);
  return draft;
}

function parseDraft(
  bytes: Uint8Array,
  folder: string,
): { draft: ReleaseDraft; sha256: ReadonlyMap<string, string> } {
  try {
    const value = parseCanonical(bytes, DRAFT_FILE, MAX_BYTES) as Record<string, unknown>;
    const draft = { ...readHead(value, DRAFT_FILE), manifest: readDraftManifest(value) };
    const sha256 = Object.entries((value['sha256'] ?? {}) as object).map(
      ([file, digest]): [string, string] => [file, hash(digest, `${DRAFT_FILE} sha256`)],
    );
    return { draft, sha256: new Map(sha256) };
  } catch (error) {
    if (error instanceof FormatError) throw damaged(folder, DRAFT_FILE, error);
    throw error;
  }
}

/** What publishing adds is any here: it is the rest that has to be right. */
function readDraftManifest(value: Record<string, unknown>): DraftManifest {
  const { change, minimumClient, model, index, deltas, recall, canaries } = readManifest(
    {
      ...(value['manifest'] as object),
      type: 'release',
      product: 'any',
      channels: ['any'],
      sequence: 1,
      version: 'any',
      created: timeText(0),
    },
    `${DRAFT_FILE} manifest`,
  );
  const shared = { change, minimumClient, model, index, deltas, canaries };
  return { ...shared, ...(recall !== undefined && { recall }) };
}

/** Of all that a client may ask for. */
function filesOf({ index, deltas, model }: DraftManifest): string[] {
  return [index, ...deltas, ...(model.download ? [model.download] : [])].flatMap(({ files }) =>
    files.map((file) => file.path),
  );
}

async function digestOfFile(folder: string, file: string): Promise<string | null> {
  const digest = createHash('sha256');
  try {
    await pipeline(createReadStream(path.join(folder, ...file.split('/'))), digest);
    return digest.digest('hex');
  } catch {
    return null;
  }
}

function damaged(folder: string, file: string, cause?: unknown): ReleaseError {
  return new ReleaseError('draft', `${file} in ${folder} is not what was built.`, {
    remedy: 'Run "evervec release build --force".',
    cause,
  });
}
