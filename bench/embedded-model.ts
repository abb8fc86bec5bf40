/**
 * How fast the embedded model is on one core, in made-up English texts of 300 characters: words drawn
 * by their commonness from its table of weights, one in ten of them unknown to it.
 */
import { embedText, loadWordVectors, type WordVectors } from '../src/embed/index.ts';
import { WORD_WEIGHTS } from '../src/embed/embedded/word-weights.ts';
import { type Random, seededRandom } from '../src/runtime/index.ts';
import { type Bench, spreadOf } from './bench.ts';

const TEXTS_PER_SECOND = 20_000;
const TEXT_CHARS = 300;
const TEXTS = 20_000;
const RUNS = 5;
const SEED = 20_000;

export const bench: Bench = {
  name: 'embedded-model',
  claim: 'texts of 300 characters a second on one core, embedded model ÷ 20,000',
  aim: { text: '≥ 1 (20,000 a second)', ratio: 1, bound: 'at least' },

  async run({ runs = RUNS }) {
    const started = performance.now();
    const model = await loadWordVectors();
    const loading = performance.now() - started;
    const texts = makeTexts(seededRandom(SEED));
    embedAll(model, texts);
    const rates = Array.from({ length: runs }, () => TEXTS / embedAll(model, texts));
    return {
      figures: { 'texts per second': spreadOf(rates), 'ms to load': loading },
      ratio: spreadOf(rates.map((rate) => rate / TEXTS_PER_SECOND)),
    };
  },
};

/** @returns the seconds it took */
function embedAll(model: WordVectors, texts: readonly string[]): number {
  const start = performance.now();
  for (const text of texts) embedText(model, text);
  return (performance.now() - start) / 1000;
}

function makeTexts(random: Random): string[] {
  const groups = WORD_WEIGHTS.map(([weight, stems]) => ({ weight, stems: stems.split(' ') }));
  return Array.from({ length: TEXTS }, () => {
    let text = '';
    while (text.length < TEXT_CHARS) text += `${makeWord(groups, random)} `;
    return text.slice(0, TEXT_CHARS);
  });
}

/** A word's chance falls with e to its weight, as its frequency does; summed over a group it is even. */
function makeWord(groups: readonly { stems: string[] }[], random: Random): string {
  if (random() < 0.1) return Math.floor(random() * 36 ** 7).toString(36);
  const { stems } = groups[Math.floor(random() * groups.length)] ?? { stems: ['the'] };
  const ending = ['', 's', 'ing', 'ed'][Math.floor(random() * 4)] ?? '';
  return (stems[Math.floor(random() * stems.length)] ?? 'the') + ending;
}
