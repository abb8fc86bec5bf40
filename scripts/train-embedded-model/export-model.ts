/** Packs the trained rows into the file that ships: each row gets its share of the word's hashed vector, then 4 bits a number. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  checksumOf,
  FINGERPRINTED_FROM,
  FORMAT_VERSION,
  HEADER,
  MAGIC,
} from '../../src/embed/embedded/decode-model.ts';
import { finishHash, hashUnits } from '../../src/embed/embedded/hashing.ts';
import { EMBEDDED_DIMENSIONS, TextSum } from '../../src/embed/embedded/text-sum.ts';

/** Length of the hashed vector, of the word and its n-grams, in that of the trained row. */
const HASHED_SHARE = 0.4;
const LARGEST = 7;
/** A few large numbers are cut off where that makes the rest of the row more exact. */
const CUTS = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1];
const EMBEDDED = new URL('../../src/embed/embedded/', import.meta.url);

/** @param trained path of the trainer's files without `.stems` and `.rows` */
export function exportModel(trained: string): string {
  const stems = readFileSync(`${trained}.stems`, 'utf8').split('\n');
  const bytes = readFileSync(`${trained}.rows`);
  const rows = new Float32Array(Uint8Array.from(bytes).buffer);
  const sorted = stems
    .map((stem, row) => ({ stem, row }))
    .sort((a, b) => (a.stem < b.stem ? -1 : 1));
  const packed = sorted.map(({ stem, row }) =>
    pack(
      withHashed(stem, rows.subarray(row * EMBEDDED_DIMENSIONS, (row + 1) * EMBEDDED_DIMENSIONS)),
    ),
  );
  const names = sorted.map(({ stem }) => `${stem}\n`).join('');
  const file = layOut(names.padEnd(Math.ceil(names.length / 4) * 4, '\0'), packed);
  const fingerprint = createHash('sha256').update(file.subarray(FINGERPRINTED_FROM)).digest();
  file.set(fingerprint, HEADER.fingerprint);
  const view = new DataView(file.buffer);
  view.setUint32(HEADER.checksum, checksumOf(view), true);
  writeFileSync(new URL('near-words.bin', EMBEDDED), file);
  writeFileSync(
    new URL('near-words-fingerprint.ts', EMBEDDED),
    `/** Of near-words.bin; made with it by scripts/train-embedded-model. Another file is another model. */
export const NEAR_WORDS_FINGERPRINT =
  '${fingerprint.toString('hex')}';
`,
  );
  return `${stems.length} words, ${file.length} bytes, ${fingerprint.toString('hex')}`;
}

/** What training can't give: that a misspelt or unknown form of the word is near to it, and that each word stands out. */
function withHashed(stem: string, row: Float32Array): Float32Array {
  const units = Uint16Array.from(stem, (letter) => letter.charCodeAt(0));
  const sum = new TextSum();
  const hash = finishHash(hashUnits(units, 0, units.length));
  sum.addHashedWord(hash, units, 0, units.length, 1);
  const hashed = sum.toUnit();
  const share = HASHED_SHARE * Math.hypot(...row);
  return row.map((value, i) => value + share * (hashed[i] ?? 0));
}

function pack(row: Float32Array): { scale: number; numbers: Int8Array } {
  const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const tries = CUTS.map((cut) => {
    const scale = Math.fround((largest * cut) / LARGEST) || 1;
    const numbers = Int8Array.from(row, (value) =>
      Math.max(-LARGEST, Math.min(LARGEST, Math.round(value / scale))),
    );
    const loss = row.reduce((sum, value, i) => sum + (value - (numbers[i] ?? 0) * scale) ** 2, 0);
    return { scale, numbers, loss };
  });
  return tries.reduce((best, one) => (one.loss < best.loss ? one : best));
}

function layOut(
  stems: string,
  rows: readonly { scale: number; numbers: Int8Array }[],
): Uint8Array<ArrayBuffer> {
  const scalesFrom = HEADER.end + stems.length;
  const rowsFrom = scalesFrom + 4 * rows.length;
  const file = new Uint8Array(rowsFrom + (rows.length * EMBEDDED_DIMENSIONS) / 2);
  const view = new DataView(file.buffer);
  file.set(new TextEncoder().encode(MAGIC));
  view.setUint16(HEADER.formatVersion, FORMAT_VERSION, true);
  view.setUint16(HEADER.dimensions, EMBEDDED_DIMENSIONS, true);
  view.setUint32(HEADER.words, rows.length, true);
  view.setUint32(HEADER.stemBytes, stems.length, true);
  file.set(new TextEncoder().encode(stems), HEADER.end);
  for (const [row, { scale, numbers }] of rows.entries()) {
    view.setFloat32(scalesFrom + 4 * row, scale, true);
    for (let i = 0; i < EMBEDDED_DIMENSIONS; i += 2)
      file[rowsFrom + (row * EMBEDDED_DIMENSIONS + i) / 2] =
        ((numbers[i] ?? 0) & 15) | (((numbers[i + 1] ?? 0) & 15) << 4);
  }
  return file;
}
