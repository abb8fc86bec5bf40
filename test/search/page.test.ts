/**
 * A page that has a release finds what the server finds. Over this project's own documentation: as documents, where rounding to int8 and how words of
 * code are cut (a path is one word to Postgres, several to a page) move a hit in fifty; and over its bare words, where scores are the same.
 */
import { readdir, readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createInlineHost } from '../../src/client/search/inline-host.ts';
import type { IndexHost, PageHit } from '../../src/client/index-host.ts';
import type { Database } from '../../src/database/index.ts';
import type { ImportItem } from '../../src/document/index.ts';
import { createEvervec, type Evervec } from '../../src/engine/index.ts';
import { encodeIndex, type IndexRecord } from '../../src/format/index.ts';
import type { Filter, SearchHit, SearchMode } from '../../src/search/index.ts';
import { sidecarName, weighWords } from '../../src/space/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { FINGERPRINT, modelBytes } from '../client/books.ts';

const DOCS = new URL('../../docs/', import.meta.url);
const QUERIES = [
  'how do I change the model of a source',
  'delete a document',
  'what happens when a worker dies',
  'row level security and tiers of access',
  'search without a server',
  'cost of embeddings per month',
  'binary quantisation',
  'files that are refused',
  'where does the key of a provider go',
  'restore from a backup',
  'lease',
  'limit requests of a provider',
  'hybrid search weights',
  'signature of a release',
  'markdown headings before each chunk',
  'spell misspelt words',
  '"row level security"',
  'provider -openai',
  'quantis*',
  'leese of a wurker',
  'the and of',
  'xylophone zebra',
];
/** By source. */
const FILTERS: Record<string, (Filter | undefined)[]> = {
  bare: [undefined, { id: { $lt: 40 } }],
  documents: [
    undefined,
    { tags: { $contains: 'reference' } },
    { published: { $gte: '2026-01-05', $lt: '2026-01-15' } },
    { $or: [{ 'metadata.place': { $gt: 9 } }, { $not: { author: 'Ann' } }] },
  ],
};

/** A cosine of rows of int8 and of halves of floats. */
const INT8_ERROR = 0.005;

interface Kept {
  readonly evervec: Evervec;
  /** By source. */
  readonly hosts: Readonly<Record<string, IndexHost>>;
}

/** Each page of docs/ as a document with an author, a date and tags; each of its paragraphs, letters alone, as a row. */
async function keepDocs(database: Database): Promise<Kept> {
  await database.query('create table bare (id integer primary key, body text not null)');
  const sources = { bare: { table: 'bare', text: ['body'] } };
  const evervec = await createEvervec({ sources, documents: {} }, { database });
  onTestFinished(() => evervec.close());
  await evervec.setup();
  const names = (await readdir(DOCS)).filter((name) => name.endsWith('.md')).sort();
  const pages = await Promise.all(names.map((name) => readFile(new URL(name, DOCS), 'utf8')));
  await evervec.documents.import(names.map(itemOf), { collection: 'docs', by: 'test' });
  const paragraphs = pages
    .flatMap((page) => page.split('\n\n'))
    .map((paragraph) => paragraph.replaceAll(/[^A-Za-z\s]+/g, ' '))
    .filter((paragraph) => paragraph.length > 60);
  await database.query('insert into bare select * from unnest($1::integer[], $2::text[])', [
    paragraphs.map((_, at) => at),
    paragraphs,
  ]);
  await (await evervec.worker()).drain();
  await weigh(database);
  return {
    evervec,
    hosts: {
      bare: await hostOf(database, 'bare', BARE),
      documents: await hostOf(database, 'documents', DOCUMENTS),
    },
  };
}

/** For the average length of all chunks, which upkeep makes anew only where it has moved by a tenth. */
async function weigh(database: Database): Promise<void> {
  await database.query('update evervec.spaces set average_words = 1');
  const { rows } = await database.query<{ id: number }>('select id from evervec.sources');
  for (const { id } of rows) await weighWords(database, id, new AbortController().signal);
}

async function hostOf(database: Database, source: string, content: string): Promise<IndexHost> {
  const host = createInlineHost();
  await host.stage(await released(database, source, content));
  await host.promote();
  await host.loadModel(await modelBytes(), FINGERPRINT);
  return host;
}

function itemOf(name: string, at: number): ImportItem {
  const published = `2026-01-${String(at + 1).padStart(2, '0')}`;
  const tags = at % 2 === 0 ? ['reference', 'docs'] : ['docs'];
  const author = at % 3 === 0 ? 'Ann' : 'Bo';
  return {
    label: name,
    collection: null,
    origin: name,
    fields: { author, published, tags, metadata: { place: at } },
    fallbackTitle: name,
    async load() {
      return { text: await readFile(new URL(name, DOCS), 'utf8') };
    },
  };
}

/** What of a record is beside its chunks, and the table. */
const DOCUMENTS = `d.title, d.published::text, d.tags, jsonb_build_object('author', d.author, 'metadata', d.metadata) as columns
  from evervec.documents d`;
const BARE = `null as title, null as published, '{}'::text[] as tags, jsonb_build_object('id', d.id) as columns from bare d`;

/** The content of the searched space as a release has it. */
async function released(
  database: Database,
  source: string,
  content: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const { rows: spaces } = await database.query<{ id: number; model_id: string; weight: number }>(
    `select p.id, p.model_id, p.fusion_weight as weight from evervec.spaces p
    join evervec.sources s on s.active_space_id = p.id where s.name = $1`,
    [source],
  );
  const [space] = spaces;
  if (space === undefined) throw new Error('Nothing was taken in.');
  const { rows } = await database.query<Row>(
    `select c.record_key as key, chunk_index as index, c.text, start_offset as start, end_offset as end, section, page,
      embedding::text as vector, ${content} join ${sidecarName(space.id)} c on d.id::text = c.record_key order by 1, 2`,
  );
  const records = [...Map.groupBy(rows, ({ key }) => key).values()].map(recordOf);
  const about = {
    source,
    model: { id: space.model_id, fingerprint: FINGERPRINT },
    fusionWeight: space.weight,
    language: 'english',
  };
  return encodeIndex(about, 384, records);
}

interface Row {
  key: string;
  index: number;
  text: string;
  start: number;
  end: number;
  section: string | null;
  page: number | null;
  vector: string;
  title: string | null;
  published: string | null;
  tags: string[];
  columns: Record<string, unknown>;
}

function recordOf(rows: readonly Row[]): IndexRecord {
  const [{ key, title, published, tags, columns } = {} as Row] = rows;
  const chunks = rows.map(({ index, text, start, end, section, page, vector }) => ({
    index,
    text,
    start,
    end,
    section,
    page,
    vector: JSON.parse(vector) as number[],
  }));
  return { key, title, publishedAt: published, tags, columns, chunks };
}

interface Compared {
  readonly there: readonly SearchHit[];
  readonly here: readonly PageHit[];
}

async function both(
  { evervec, hosts }: Kept,
  source: string,
  mode: SearchMode,
): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (const filter of FILTERS[source] ?? [])
    for (const query of QUERIES) {
      const request = { query, mode, limit: 10, ...(filter !== undefined && { filter }) };
      const there = (await evervec.search({ ...request, sources: [source] })).hits;
      const here = (await hosts[source]?.search(request))?.hits ?? [];
      compared.push({ there, here });
    }
  return compared;
}

/** Mean, of the keys that the server finds, that the page finds too. */
function recall(compared: readonly Compared[]): number {
  const shares = compared.map(({ there, here }) => {
    const found = new Set(here.map(({ key }) => key));
    return there.length === 0 ? 1 : there.filter(({ key }) => found.has(key)).length / there.length;
  });
  return shares.reduce((sum, one) => sum + one, 0) / shares.length;
}

/** The most by which the two score a chunk differently; of a hit that one of them does not have, how far it is from the other's last. */
function difference({ there, here }: Compared, of: 'score' | 'rank' | 'similarity'): number {
  const theirs = new Map(
    there.map((hit) => [`${hit.key}/${hit.chunk.index}`, scoreThere(hit, of)]),
  );
  const last = there.length < 10 ? 0 : scoreThere(there.at(-1), of);
  const differences = here.map((hit) =>
    Math.abs((theirs.get(`${hit.key}/${hit.chunk.index}`) ?? last) - (hit[of] ?? 0)),
  );
  return Math.max(0, ...differences);
}

function scoreThere(hit: SearchHit | undefined, of: 'score' | 'rank' | 'similarity'): number {
  if (of === 'score') return hit?.score ?? 0;
  return hit?.scores[of === 'rank' ? 'text' : 'vector'] ?? 0;
}

describeEachDatabase('a page that has the release', ({ open }) => {
  test('finds what the server finds', { timeout: 120_000 }, async () => {
    const kept = await keepDocs(await open());
    const words = await both(kept, 'bare', 'text');
    expect(words.map(({ here }) => here.length)).toEqual(words.map(({ there }) => there.length));
    expect(Math.max(...words.map((one) => difference(one, 'rank')))).toBeLessThan(1e-4);
    const meaning = await both(kept, 'bare', 'vector');
    expect(Math.max(...meaning.map((one) => difference(one, 'similarity')))).toBeLessThan(
      INT8_ERROR,
    );
    expect(recall(meaning)).toBeGreaterThanOrEqual(0.98);
    const fused = await both(kept, 'bare', 'hybrid');
    expect(Math.max(...fused.map((one) => difference(one, 'score')))).toBeLessThan(4 * INT8_ERROR);

    for (const [mode, least] of [
      ['text', 0.98],
      ['vector', 0.99],
      ['hybrid', 0.97],
    ] as const) {
      const compared = await both(kept, 'documents', mode);
      expect(recall(compared), `${mode}`).toBeGreaterThanOrEqual(least);
    }
  });
});
