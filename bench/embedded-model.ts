/**
 * How fast the embedded model is on one core, in WebAssembly and in plain JavaScript, which take turns: in made-up English texts of 300 characters: words drawn
 * by their commonness from its table of weights, one in ten of them unknown to it.
 */
import { createEmbedder, embedText, loadWordVectors } from '../src/embed/index.ts';
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
    const embed = createEmbedder(model);
    const loadingKernel = performance.now() - started - loading;
    const plain = (text: string) => embedText(model, text);
    const texts = makeTexts(seededRandom(SEED));
    const round = () => ({ wasm: rateOf(embed, texts), plain: rateOf(plain, texts) });
    round();
    const rounds = Array.from({ length: runs }, round);
    const rates = rounds.map(({ wasm }) => wasm);
    return {
      figures: {
        'texts per second': spreadOf(rates),
        'in plain JavaScript': spreadOf(rounds.map(({ plain }) => plain)),
        'WebAssembly ÷ JavaScript': spreadOf(rounds.map(({ wasm, plain }) => wasm / plain)),
        'ms to load the model': loading,
        'ms to load the kernel': loadingKernel,
      },
      ratio: spreadOf(rates.map((rate) => rate / TEXTS_PER_SECOND)),
    };
  },
};

/** @returns texts in a second */
function rateOf(embed: (text: string) => Float32Array, texts: readonly string[]): number {
  const start = performance.now();
  for (const text of texts) embed(text);
  return (1000 * texts.length) / (performance.now() - start);
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
