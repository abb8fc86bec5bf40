/**
 * How well the embedded model ranks: vectors alone, BM25 alone, and both fused, as mean nDCG@10 over
 * the queries of collections in BEIR's shape (`corpus.jsonl`, `queries.jsonl`, `qrels/*.tsv`). A folder with `pairs.tsv` is a
 * probe instead: two texts a line that mean the same and share no word, to be found among `distractors.jsonl`.
 *
 *     npm run bench -- quality-embedded-model <folder> [<folder> …]     # EVERVEC_BENCH_MODEL=hashed-words for the other
 *
 * The BM25 here is a reference to compare with (k1 1.2, b 0.75, the model's stems, no stop words), not
 * the one that searches.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  createEmbeddedModel,
  EMBEDDED_NAMES,
  embedTexts,
  type EmbeddingModel,
} from '../src/embed/index.ts';
import { stemEnglish } from '../src/embed/embedded/english-stem.ts';
import { fuseRanks, fuseScores } from '../src/ranking/index.ts';
import { type Bench, single } from './bench.ts';

const VECTOR_AIMS: Record<string, number> = { cranfield: 0.35, scifact: 0.49 };
const PROBE_AIM = 0.9;
export const DEPTH = 10;
const K1 = 1.2;
const B = 0.75;

export interface Collection {
  name: string;
  documents: string[];
  queries: { text: string; gains: Map<number, number> }[];
}
type Ranker = (query: string) => Float64Array;

export const bench: Bench = {
  name: 'quality-embedded-model',
  claim:
    'nDCG@10 on collections (folders in BEIR shape): vectors ÷ their aim, fused ÷ the better leg; recall@5 of a probe ÷ 0.9',
  aim: {
    text: '≥ 1 for the least of all: vectors 0.35 on cranfield, 0.49 on scifact (train), probe 0.9; fused not below either',
    ratio: 1,
    bound: 'at least',
  },

  async run({ operands: folders }) {
    if (folders.length === 0)
      throw new Error('Name at least one folder: corpus.jsonl, queries.jsonl, qrels/; or a probe.');
    const figures: Record<string, number> = {};
    const ratios: number[] = [];
    const model = chosenModel();
    for (const folder of folders) {
      if (existsSync(path.join(folder, 'pairs.tsv'))) {
        const recall = await measureProbe(folder, model);
        figures['probe recall@1'] = recall[1];
        figures['probe recall@5'] = recall[5];
        ratios.push(recall[5] / PROBE_AIM);
        continue;
      }
      const collection = readCollection(folder);
      const measured = await measure(collection, model);
      for (const [label, value] of Object.entries(measured))
        figures[`${collection.name} ${label}`] = value;
      const vectorAim = VECTOR_AIMS[collection.name];
      if (vectorAim !== undefined) ratios.push(measured.vector / vectorAim);
      ratios.push(measured.fused / Math.max(measured.bm25, measured.vector));
    }
    return { figures, ratio: single(Math.min(...ratios)), remarks: ['exact: one run is all'] };
  },
};

function chosenModel(): EmbeddingModel {
  const wanted = process.env['EVERVEC_BENCH_MODEL'];
  return createEmbeddedModel(EMBEDDED_NAMES.find((name) => name === wanted));
}

export async function measure(collection: Collection, model: EmbeddingModel) {
  const documents = await embedTexts(model, collection.documents);
  const queries = await embedTexts(
    model,
    collection.queries.map(({ text }) => text),
  );
  const bm25Scores = bm25Ranker(collection.documents);
  const sums = { bm25: 0, vector: 0, fused: 0, 'reciprocal rank': 0 };
  for (const [i, { text, gains }] of collection.queries.entries()) {
    const bm25 = bm25Scores(text);
    const cosines = cosinesOf(queries[i], documents);
    sums.bm25 += ndcg(bm25, gains);
    sums.vector += ndcg(cosines, gains);
    sums.fused += ndcg(fuseScores(bm25, cosines, model.fusionWeight), gains);
    sums['reciprocal rank'] += ndcg(fuseRanks([bm25, cosines]), gains);
  }
  const count = collection.queries.length;
  return {
    queries: count,
    bm25: sums.bm25 / count,
    vector: sums.vector / count,
    fused: sums.fused / count,
    'reciprocal rank': sums['reciprocal rank'] / count,
  };
}

/** The share of pairs whose second text is the first, or among the first five, for the first as the query. */
export async function measureProbe(
  folder: string,
  model: EmbeddingModel,
): Promise<{ 1: number; 5: number }> {
  const lines = readFileSync(path.join(folder, 'pairs.tsv'), 'utf8').trim().split('\n');
  const pairs = lines.map((line) => line.split('\t'));
  const others = readLines(path.join(folder, 'distractors.jsonl')).map(({ text }) => text);
  const queries = await embedTexts(
    model,
    pairs.map(([query = '']) => query),
  );
  const answers = pairs.map(([, answer = '']) => answer);
  const documents = await embedTexts(model, [...answers, ...others]);
  const places = queries.map((query, i) => {
    const scores = cosinesOf(query, documents);
    return scores.filter((score) => score > (scores[i] ?? 0)).length;
  });
  const recall = (depth: number) => places.filter((place) => place < depth).length / places.length;
  return { 1: recall(1), 5: recall(5) };
}

function cosinesOf(
  query: Float32Array | undefined,
  documents: readonly Float32Array[],
): Float64Array {
  return Float64Array.from(documents, (vector) => {
    let product = 0;
    for (let i = 0; i < vector.length; i++) product += (vector[i] ?? 0) * (query?.[i] ?? 0);
    return product;
  });
}

function bm25Ranker(documents: readonly string[]): Ranker {
  const lengths = documents.map((document) => stemsOf(document).length);
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  const postings = new Map<string, Map<number, number>>();
  for (const [i, document] of documents.entries())
    for (const stem of stemsOf(document)) {
      const posting = postings.get(stem) ?? new Map<number, number>();
      postings.set(stem, posting.set(i, (posting.get(i) ?? 0) + 1));
    }
  return (query) => {
    const scores = new Float64Array(documents.length);
    for (const stem of stemsOf(query)) {
      const posting = postings.get(stem) ?? new Map<number, number>();
      const idf = Math.log(1 + (documents.length - posting.size + 0.5) / (posting.size + 0.5));
      for (const [i, count] of posting) {
        const norm = K1 * (1 - B + (B * (lengths[i] ?? 0)) / mean);
        scores[i] = (scores[i] ?? 0) + (idf * count * (K1 + 1)) / (count + norm);
      }
    }
    return scores;
  };
}

const stemCache = new Map<string, string>();

function stemsOf(text: string): string[] {
  return (text.toLowerCase().match(/[a-z0-9]+/g) ?? []).map((word) => {
    const cached = stemCache.get(word);
    if (cached !== undefined) return cached;
    const units = Uint16Array.from(word, (letter) => letter.charCodeAt(0));
    const stem = new TextDecoder('utf-16le').decode(
      units.subarray(0, stemEnglish(units, units.length)),
    );
    stemCache.set(word, stem);
    return stem;
  });
}

/** Gains as judged (linear), discounted by log₂(rank + 1), over the best order there is. */
function ndcg(scores: Float64Array, gains: ReadonlyMap<number, number>): number {
  const top = Array.from(scores.keys())
    .sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b)
    .slice(0, DEPTH);
  const best = [...gains.values()].sort((a, b) => b - a).slice(0, DEPTH);
  return discounted(top.map((i) => gains.get(i) ?? 0)) / discounted(best);
}

export function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, gain, i) => sum + gain / Math.log2(i + 2), 0);
}

export function readCollection(folder: string): Collection {
  const documents = readLines(path.join(folder, 'corpus.jsonl'));
  const positions = new Map(documents.map((document, i) => [document._id, i]));
  const queryTexts = new Map(
    readLines(path.join(folder, 'queries.jsonl')).map((q) => [q._id, q.text]),
  );
  const judged = new Map<string, Map<number, number>>();
  for (const file of globSync(path.join(folder, 'qrels', '*.tsv')).sort())
    for (const line of readFileSync(file, 'utf8').trim().split('\n').slice(1)) {
      const [query = '', document = '', score = '0'] = line.split('\t');
      const position = positions.get(document);
      if (position === undefined || Number(score) <= 0) continue;
      const gains = judged.get(query) ?? new Map<number, number>();
      judged.set(query, gains.set(position, Number(score)));
    }
  return {
    name: path.basename(path.resolve(folder)),
    documents: documents.map(({ title, text }) => (title ? `${title}. ${text}` : text)),
    queries: [...judged].map(([id, gains]) => ({ text: queryTexts.get(id) ?? '', gains })),
  };
}

function readLines(file: string): { _id: string; title?: string; text: string }[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as { _id: string; title?: string; text: string });
}
