/**
 * Sets of vectors in the fvecs format (http://corpus-texmex.irisa.fr), as sources whose model knows the vector of each
 * text: what is measured is then search alone, and not a model.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createEvervec, type EmbeddingModel, type Evervec } from '../src/index.ts';

export interface VectorSet {
  base: Float32Array[];
  queries: Float32Array[];
}

const FOLDER = path.join('..', 'shared', 'data', 'vectors', 'lsa-10k');

/** Texts of 10,000 base vectors by latent semantic analysis, and 500 queries. @throws Error naming the folder to give */
export async function readVectorSet(folder = FOLDER): Promise<VectorSet> {
  if (!existsSync(folder))
    throw new Error(`There is no folder ${folder}: name one with base.fvecs and query.fvecs.`);
  return {
    base: await readVectors(path.join(folder, 'base.fvecs')),
    queries: await readVectors(path.join(folder, 'query.fvecs')),
  };
}

/** Each vector after its width, little-endian. */
async function readVectors(file: string): Promise<Float32Array[]> {
  const bytes = await readFile(file);
  const vectors: Float32Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const width = bytes.readInt32LE(at);
    const vector = new Float32Array(width);
    for (let i = 0; i < width; i++) vector[i] = bytes.readFloatLE(at + 4 + 4 * i);
    vectors.push(unit(vector));
    at += 4 + 4 * width;
  }
  return vectors;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

/**
 * As many as wanted: beyond those that there are, two neighbours in the set mixed with a little chance, so that what is
 * added lies where texts lie.
 */
export function grown(base: readonly Float32Array[], count: number): Float32Array[] {
  const chance = createChance();
  const vectors = base.slice(0, count);
  while (vectors.length < count) {
    const one = base[Math.floor(chance() * base.length)] ?? new Float32Array();
    const other = base[Math.floor(chance() * base.length)] ?? new Float32Array();
    const share = 0.1 + 0.3 * chance();
    const noise = 0.4 / Math.sqrt(one.length);
    vectors.push(
      unit(
        one.map(
          (value, i) => (1 - share) * value + share * (other[i] ?? 0) + (chance() - 0.5) * noise,
        ),
      ),
    );
  }
  return vectors;
}

/** 0 to 1, the same in each run. */
export function createChance(state = 7): () => number {
  let now = state;
  return () => {
    now = (Math.imul(now, 1_664_525) + 1_013_904_223) >>> 0;
    return now / 2 ** 32;
  };
}

const BEGINNINGS = [
  'lan',
  'har',
  'mea',
  'cop',
  'vio',
  'gla',
  'orch',
  'sad',
  'quar',
  'thim',
  'bram',
];
const ENDINGS = ['tern', 'bour', 'dow', 'per', 'lin', 'cier', 'ard', 'dle', 'ry', 'ble', 'mond'];

/** 121 of them. */
function wordOf(n: number): string {
  return `${BEGINNINGS[n % 11]}${ENDINGS[Math.floor(n / 11) % 11]}`;
}

/** A text that says which vector it has, and ten words. */
export function textOf(id: number): string {
  const words = Array.from({ length: 10 }, (_, n) => wordOf((id * 31 + n * n * 17) % 121));
  return `#${id} ${words.join(' ')} page${id % 1_000}`;
}

/** `q7` is the query of number 7; of its words one is in a twelfth of the texts, one in a thousandth. */
export function queryOf(id: number): string {
  return `q${id} ${wordOf(id % 121)} page${id % 1_000}`;
}

export function modelOf(
  base: readonly Float32Array[],
  queries: readonly Float32Array[],
): EmbeddingModel {
  const dimensions = base[0]?.length ?? 0;
  const vectorOf = (text: string) => {
    const vector = (text.startsWith('q') ? queries : base)[Number.parseInt(text.slice(1), 10)];
    return vector ?? new Float32Array(dimensions);
  };
  return {
    provider: 'bench',
    modelId: 'ready',
    id: `bench/ready@${dimensions}`,
    dimensions,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: true,
    maxInputTokens: undefined,
    maxBatchTokens: undefined,
    maxBatchBytes: undefined,
    fusionWeight: 0.5,
    doEmbed: async ({ values }) => ({ embeddings: values.map(vectorOf), usage: undefined }),
  };
}

/** Rows with these vectors, embedded and indexed: `items (id, body, share)`, share from 0 to 999,999 in no order. */
export async function openItems(
  database: string,
  { base, queries }: VectorSet,
  options: Record<string, unknown> = {},
): Promise<Evervec> {
  const evervec = await createEvervec({
    database,
    model: modelOf(base, queries),
    sources: { items: { table: 'items', text: ['body'], record: ['id', 'body'], ...options } },
  });
  await evervec.database.query(
    'create table items (id integer primary key, body text, share integer)',
  );
  const BATCH = 10_000;
  for (let from = 0; from < base.length; from += BATCH)
    await evervec.database.query(
      `insert into items select $1::integer + n - 1, body, ($1::integer + n) * 7919 % 1000003
      from unnest($2::text[]) with ordinality as given (body, n)`,
      [
        from,
        Array.from({ length: Math.min(BATCH, base.length - from) }, (_, i) => textOf(from + i)),
      ],
    );
  await evervec.setup();
  await evervec.backfill();
  await (await evervec.worker()).drain();
  await evervec.database.query('vacuum analyze');
  return evervec;
}
