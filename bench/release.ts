/**
 * How large a release is beside JSON of the same content, a delta beside the whole, and how long making and opening take. All gzipped at level 9.
 *
 *     npm run bench -- release [FOLDER]     `base.fvecs` and `query.fvecs`: vectors of a real model, whose recall counts; made-up texts are all
 *                                           about as near to each other, so theirs is shown only
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  applyDelta,
  decodeIndex,
  encodeDelta,
  encodeIndex,
  recallOfQuantisation,
} from '../src/format/index.ts';
import { type Bench, single, spreadOf } from './bench.ts';
import {
  ABOUT,
  asJson,
  DIMENSIONS,
  edited,
  sampleRecords,
  type SampleRecord,
} from './release-sample.ts';

const CHUNKS = 10_000;
const SMALL = 847;
const QUERIES = 50;
const RUNS = 5;
const MAX_DELTA = 0.03;
const MIN_RECALL = 0.99;

export const bench: Bench = {
  name: 'release',
  claim:
    'bytes of an index ÷ of the gzipped JSON of the same content, 10,000 chunks × 384; a delta for 2 % changed ÷ the index',
  aim: {
    text: '≤ 0.17; delta ≤ 0.03; recall@10 of given vectors ≥ 0.99',
    ratio: 0.17,
    bound: 'at most',
  },

  async run({ rows: chunks = CHUNKS, runs = RUNS, operands: [folder], note }) {
    const records = await sampleRecords(chunks);
    note('texts are embedded');
    const index = encodeIndex(ABOUT, DIMENSIONS, records);
    const next = encodeIndex(ABOUT, DIMENSIONS, await edited(records));
    const delta = await encodeDelta(index, next);
    const small = records.slice(0, Math.ceil(SMALL / 10));
    const whole = gzipped(index);
    const deltaShare = gzipped(delta) / whole;
    const recall = folder === undefined ? undefined : recallOfFiles(folder);
    const times = await timesOf(runs, records, index, delta);
    const ratio = whole / gzipped(asJson(records));
    return {
      figures: {
        'bytes, gzipped': whole,
        'bytes of 850 chunks, gzipped': gzipped(encodeIndex(ABOUT, DIMENSIONS, small)),
        '850 chunks ÷ JSON':
          gzipped(encodeIndex(ABOUT, DIMENSIONS, small)) / gzipped(asJson(small)),
        'delta ÷ index': deltaShare,
        'recall@10, made-up texts': recallOfTexts(records),
        ...(recall !== undefined && { 'recall@10, given vectors': recall }),
        ...times,
      },
      // What misses its own aim fails the whole.
      ratio: single(deltaShare <= MAX_DELTA && !((recall ?? 1) < MIN_RECALL) ? ratio : Number.NaN),
      remarks: ['The JSON has its numbers as JavaScript prints 32-bit floats, up to 20 digits.'],
    };
  },
};

function gzipped(content: Uint8Array | string): number {
  return gzipSync(content, { level: 9 }).length;
}

function recallOfTexts(records: readonly SampleRecord[]): number {
  const vectors = records.flatMap(({ chunks }) => chunks.map(({ vector }) => vector));
  const step = Math.ceil(vectors.length / QUERIES);
  return recallOfQuantisation(
    vectors,
    vectors.filter((_, i) => i % step === 0),
  );
}

function recallOfFiles(folder: string): number {
  const queries = readVectors(path.join(folder, 'query.fvecs'));
  return recallOfQuantisation(readVectors(path.join(folder, 'base.fvecs')), queries);
}

/** Each vector as a 32-bit count and as many 32-bit floats. */
function readVectors(file: string): Float32Array[] {
  const bytes = new Uint8Array(readFileSync(file)).buffer;
  const width = new DataView(bytes).getUint32(0, true);
  const step = 4 + 4 * width;
  return Array.from(
    { length: bytes.byteLength / step },
    (_, i) => new Float32Array(bytes, i * step + 4, width),
  );
}

async function timesOf(
  runs: number,
  records: readonly SampleRecord[],
  index: Uint8Array,
  delta: Uint8Array,
) {
  const tasks = {
    'ms to encode': () => encodeIndex(ABOUT, DIMENSIONS, records),
    'ms to open': () => decodeIndex(index),
    'ms to apply the delta': () => applyDelta(index, delta),
  };
  const times: Record<string, ReturnType<typeof spreadOf>> = {};
  for (const [name, task] of Object.entries(tasks)) {
    const taken: number[] = [];
    for (let run = 0; run < runs; run++) {
      const started = performance.now();
      await task();
      taken.push(performance.now() - started);
    }
    times[name] = spreadOf(taken);
  }
  return times;
}
