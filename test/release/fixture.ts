/** Sources that releases are built from, and what a draft on the disk says in the end. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import type { Config } from '../../src/engine/index.ts';
import { decodeIndex, type ReleaseIndex } from '../../src/format/index.ts';
import { readDraft, type ReleaseDraft } from '../../src/release/index.ts';
import { SCRATCH_FOLDER } from '../setup/scratch.ts';

export const ARTICLES: Config['sources'] = {
  articles: {
    table: 'articles',
    text: ['body'],
    title: 'title',
    chunk: { by: 'structure', maxChars: 400 },
  },
};

/** What the release of the articles carries. */
export const HANDBOOK: NonNullable<Config['releases']>[string] = {
  source: 'articles',
  url: '/articles/{slug}',
  publishedAt: 'published',
  tags: 'tags',
  columns: ['author', 'rating', 'seen'],
};

const SUBJECTS = [
  'harbours',
  'lighthouses',
  'currents',
  'sailmaking',
  'navigation',
  'knots',
  'storms',
  'anchors',
];

/** A table with everything that a release can carry. */
export async function createArticles(database: Database, count = 60): Promise<void> {
  await database.query(`create table articles (
    id integer primary key, title text not null, slug text not null, body text not null, author text, rating numeric,
    published date, seen timestamptz, tags text[] not null default '{}')`);
  await insertArticles(
    database,
    Array.from({ length: count }, (_, i) => i + 1),
  );
}

export async function insertArticles(database: Database, ids: readonly number[]): Promise<void> {
  const rows = ids.map((id) => ({
    id,
    title: `On ${subject(id)} ${id}`,
    slug: `on ${subject(id)}/${id}`,
    body: bodyOf(id),
    author: id % 3 === 0 ? null : `Author ${id % 5}`,
    rating: `${id % 5}.5`,
    published: `2024-${String(1 + (id % 12)).padStart(2, '0')}-15`,
    seen: `2024-05-01T10:${String(id % 60).padStart(2, '0')}:00+02`,
    tags: [subject(id), 'sea'],
  }));
  await database.query(
    'insert into articles select * from jsonb_populate_recordset(null::articles, $1::text::jsonb)',
    [JSON.stringify(rows)],
  );
}

export function bodyOf(id: number): string {
  const about = subject(id);
  return [
    `# ${about}`,
    `An introduction to ${about} by way of number ${id}, which speaks of ${about} and the water around.`,
    `## Practice ${id}`,
    `Whoever wants ${about} in practice begins with experiment${id}, then repeats it until evening. `.repeat(
      3,
    ),
  ].join('\n\n');
}

function subject(id: number): string {
  return SUBJECTS[id % SUBJECTS.length] ?? '';
}

/** A folder of its own, gone after the test. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(SCRATCH_FOLDER, 'evervec-release-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface ReadBack {
  draft: ReleaseDraft;
  index: ReleaseIndex;
  bytes: Uint8Array;
}

/** The draft in a folder, from its gzipped index. */
export async function readBack(folder: string): Promise<ReadBack> {
  const draft = await readDraft(folder);
  const file = draft.manifest.index.files.find(({ encoding }) => encoding === 'gzip');
  const bytes = new Uint8Array(gunzipSync(await readFile(path.join(folder, file?.path ?? ''))));
  return { draft, index: decodeIndex(bytes), bytes };
}

/** All files of a folder by their paths, gzipped ones plain too (`path!`). */
export async function everyByte(folder: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const at = path.join(entry.parentPath, entry.name);
    const bytes = await readFile(at);
    found.set(path.relative(folder, at), bytes);
    if (at.endsWith('.gz')) found.set(`${path.relative(folder, at)}!`, gunzipSync(bytes));
  }
  return found;
}
