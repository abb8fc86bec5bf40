/** What the trained model knows and hashing does not; and that no file but a whole one is taken. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModelFileError } from '../../errors/index.ts';
import { checksumOf, decodeModel, FINGERPRINTED_FROM, findRow, HEADER } from './decode-model.ts';
import { embedText } from './embed-text.ts';
import { embedHashed } from './hashed-words.ts';
import { finishHash, hashUnits } from './hashing.ts';
import { NEAR_WORDS_FINGERPRINT } from './near-words-fingerprint.ts';

const bytes = new Uint8Array(readFileSync(new URL('near-words.bin', import.meta.url)));
const model = decodeModel(bytes);

/** No pair shares a word. */
const SAME: readonly (readonly [string, string])[] = [
  ['my boss fired me', 'dismissed from the job by an employer'],
  ['the baby is crying', 'an infant weeps'],
  ['rent a flat', 'lease an apartment'],
  ['sick dog', 'an ill puppy'],
  ['thief stole jewels', 'a robber took the gems'],
  ['ship sank at sea', 'the vessel went down in the ocean'],
  ['quick lunch', 'a rapid meal at midday'],
  ['delete the folder', 'remove a directory'],
];
const OTHERS = [
  'the parliament debated a new law on taxes',
  'bake the bread for forty minutes',
  'a guitar has six strings',
  'the mountain is covered with snow in winter',
  'an index makes the lookup of rows faster',
  'the planet turns around its sun in a year',
  'a carpenter builds furniture from oak',
  'the orchestra played a symphony',
  'wheat is harvested at the end of summer',
  'the train arrives at the station on time',
];

function rankOfAnswer(embed: (text: string) => Float32Array, at: number): number {
  const query = embed(SAME[at]?.[0] ?? '');
  const texts = [...SAME.map(([, answer]) => answer), ...OTHERS];
  const scores = texts.map((text) =>
    embed(text).reduce((sum, value, i) => sum + value * (query[i] ?? 0), 0),
  );
  return scores.filter((score) => score > (scores[at] ?? 0)).length;
}

describe('near-words', () => {
  it('finds what says the same in other words, which hashing does not', () => {
    const first = (embed: (text: string) => Float32Array) =>
      SAME.filter((_, at) => rankOfAnswer(embed, at) === 0).length;
    expect(first((text) => embedText(model, text))).toBeGreaterThanOrEqual(SAME.length - 1);
    expect(first(embedHashed)).toBeLessThan(SAME.length / 2);
  });

  it('knows words by their stem, and every row by the hash of one', () => {
    const rowOf = (stem: string) => {
      const units = Uint16Array.from(stem, (letter) => letter.charCodeAt(0));
      return findRow(model, finishHash(hashUnits(units, 0, units.length)));
    };
    expect(rowOf('engin')).toBeGreaterThan(-1);
    expect(rowOf('engine')).toBe(-1);
    const stems = new TextDecoder().decode(bytes.subarray(HEADER.end)).split('\n');
    const rows = stems.slice(0, model.words).map(rowOf);
    expect(rows).toEqual(Array.from({ length: model.words }, (_, row) => row));
  });
});

describe('decodeModel', () => {
  it('reads the fingerprint that the file says, which is its SHA-256', () => {
    const digest = createHash('sha256').update(bytes.subarray(FINGERPRINTED_FROM)).digest('hex');
    expect(model.fingerprint).toBe(digest);
    expect(NEAR_WORDS_FINGERPRINT).toBe(digest);
    expect(bytes.length).toBeLessThan(4.2e6);
  });

  it('takes bytes that begin anywhere', () => {
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    const other = decodeModel(shifted);
    expect(embedText(other, 'car and engine')).toEqual(embedText(model, 'car and engine'));
  });

  it('refuses a file that is cut off, wherever', () => {
    const lengths = fc.integer({ min: 0, max: bytes.length - 1 });
    const short = fc.integer({ min: 0, max: 200 });
    fc.assert(
      fc.property(fc.oneof(lengths, short), (length) => {
        expect(() => decodeModel(bytes.subarray(0, length))).toThrow(ModelFileError);
      }),
    );
  });

  it('refuses a file of which a bit is another, wherever', { timeout: 60_000 }, () => {
    const copy = Uint8Array.from(bytes);
    const header = fc.integer({ min: 0, max: HEADER.end - 1 });
    const anywhere = fc.integer({ min: 0, max: bytes.length - 1 });
    fc.assert(
      fc.property(fc.oneof(header, anywhere), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        // The fingerprint is compared with the code's by who loads the file.
        fc.pre(at < HEADER.fingerprint || at >= HEADER.checksum);
        const before = copy[at] ?? 0;
        copy[at] = before ^ (1 << bit);
        try {
          expect(() => decodeModel(copy)).toThrow(ModelFileError);
        } finally {
          copy[at] = before;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a well-formed file that names fewer words than it counts', () => {
    const copy = Uint8Array.from(bytes);
    const stemBytes = new DataView(copy.buffer).getUint32(HEADER.stemBytes, true);
    copy.fill(0x61, HEADER.end, HEADER.end + stemBytes);
    const view = new DataView(copy.buffer);
    view.setUint32(HEADER.checksum, checksumOf(view), true);
    expect(() => decodeModel(copy)).toThrow(/names 0 of/);
  });
});
