/**
 * Made-up English: sentences of words drawn by Zipf's law from the embedded model's own vocabulary (6,000 stems, the
 * common ones first) with endings, and some words nobody has seen (names, numbers). Seeded: the same in every run.
 */
import { WORD_WEIGHTS } from '../src/embed/embedded/word-weights.ts';
import { type Random, seededRandom } from '../src/runtime/index.ts';

/** Mandelbrot's offset to Zipf's law, which flattens the few most common words as real text does. */
const RANK_OFFSET = 2.7;
const UNKNOWN_SHARE = 0.04;
const ENDINGS = ['', '', '', 's', 'ing', 'ed', 'er', 'ly'];

const VOCABULARY = WORD_WEIGHTS.flatMap(([, stems]) => stems.split(' '));
const CUMULATED = cumulate(VOCABULARY.map((_, rank) => 1 / (rank + RANK_OFFSET)));

/** Texts of about `chars` characters. */
export function* sampleTexts(count: number, chars: number, seed = 300): Generator<string> {
  const random = seededRandom(seed);
  for (let i = 0; i < count; i++) yield makeText(random, chars * (0.8 + 0.4 * random()));
}

function makeText(random: Random, chars: number): string {
  let text = '';
  let left = 0;
  while (text.length < chars) {
    const word = makeWord(random);
    if (left === 0) {
      text += `${text === '' ? '' : '. '}${word[0]?.toUpperCase()}${word.slice(1)}`;
      left = 5 + Math.floor(random() * 15);
    } else text += ` ${word}`;
    left -= 1;
  }
  return `${text}.`;
}

function makeWord(random: Random): string {
  if (random() < UNKNOWN_SHARE) return Math.floor(random() * 36 ** 6).toString(36);
  const stem = VOCABULARY[rankAt(random())] ?? 'the';
  return stem + (stem.length > 3 ? (ENDINGS[Math.floor(random() * ENDINGS.length)] ?? '') : '');
}

/** The first rank whose cumulated share is above `share`. */
function rankAt(share: number): number {
  let low = 0;
  let high = CUMULATED.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((CUMULATED[middle] ?? 1) > share) high = middle;
    else low = middle + 1;
  }
  return low;
}

function cumulate(weights: readonly number[]): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  return Float64Array.from(weights, (weight) => (sum += weight / total));
}
