/**
 * How fast the embedded model is on one core, in made-up texts of 300 characters: stems drawn
 * evenly from the weights of the model's own table, one word in ten unknown to it. Real English is
 * faster, since nearly half of its words weigh nothing.
 *
 *     node bench/embedded-model.ts
 */
import { embedText } from '../src/embed/index.ts';
import { WORD_WEIGHTS } from '../src/embed/embedded/word-weights.ts';
import { type Random, seededRandom } from '../src/runtime/index.ts';

export const name = 'embedded-model';
export const aim = '20,000 texts of 300 characters a second on one core';

const TEXTS_PER_SECOND = 20_000;
const TEXT_CHARS = 300;
const TEXTS = 20_000;
const RUNS = 5;
const SEED = 20_000;

/** `ratio` is measured / aim; 1 or more is reached. */
export async function run(): Promise<{ figures: Record<string, number>; ratio: number }> {
  const texts = makeTexts(seededRandom(SEED));
  embedAll(texts);
  const rates = Array.from({ length: RUNS }, () => TEXTS / embedAll(texts));
  const rate = median(rates);
  return { figures: { 'texts per second': Math.round(rate) }, ratio: rate / TEXTS_PER_SECOND };
}

/** @returns the seconds it took */
function embedAll(texts: readonly string[]): number {
  const start = performance.now();
  for (const text of texts) embedText(text);
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

function makeWord(groups: readonly { stems: string[] }[], random: Random): string {
  if (random() < 0.1) return Math.floor(random() * 36 ** 7).toString(36);
  const { stems } = groups[Math.floor(random() * groups.length)] ?? { stems: ['the'] };
  const ending = ['', 's', 'ing', 'ed'][Math.floor(random() * 4)] ?? '';
  return (stems[Math.floor(random() * stems.length)] ?? 'the') + ending;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

if (import.meta.main) {
  const { figures, ratio } = await run();
  console.log(figures, `ratio to the aim ${ratio.toFixed(2)} (${aim}; median of ${RUNS} runs)`);
}
