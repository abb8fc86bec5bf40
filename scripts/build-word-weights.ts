/**
 * Makes `src/embed/embedded/word-weights.ts`: how much each common English stem says about what a
 * text is about, from how rare it is in freely licensed prose. Only counts leave the texts.
 *
 *     node scripts/build-word-weights.ts <folder>
 *
 * The folder has one folder per package of SOURCES, as `dpkg -x` unpacks it. docs/embedded-model.md
 * says which packages, with their licences.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stemEnglish } from '../src/ranking/english-stem.ts';

/** Share of each source in a stem's frequency: WordNet is general English, the others are manuals. */
const SOURCES: Record<string, { share: number; read: (folder: string) => string[] }> = {
  'wordnet-base': { share: 3, read: readGlosses },
  'postgresql-doc-15': { share: 1, read: readHtml },
  'python3.11-doc': { share: 1, read: readHtml },
  'sqlite3-doc': { share: 1, read: readHtml },
};
/** Frequencies are counted over windows of this many words: about a paragraph. */
const WINDOW_WORDS = 100;
const STEMS_KEPT = 6000;
const FEWEST_WINDOWS = 3;
/** Weights are multiples of this. */
const STEP = 0.25;
/** What a function word of another language weighs: little, but English may know it as a word. */
const FOREIGN_WEIGHT = 1.5;

/** Words without a topic: weight 0. */
const ENGLISH_FUNCTION_WORDS =
  'i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she ' +
  'her hers herself it its itself they them their theirs themselves what which who whom this that ' +
  'these those am is are was were be been being have has had having do does did doing a an the and ' +
  'but if or because as until while of at by for with about against between into through during ' +
  'before after above below to from up down in out on off over under again further then once here ' +
  'there when where why how all any both each few more most other some such no nor not only own ' +
  'same so than too very s t can will just don should now';

/** The commonest of the larger European languages, accents folded as the model folds them. */
const FOREIGN_FUNCTION_WORDS =
  'der die das den dem des und oder ein eine einer eines einem einen ist sind war nicht mit von zu ' +
  'im auf fur sich auch als an es bei aus nach wie wird werden hat haben dass nur noch uber um durch ' +
  'le la les un une du de et ou est sont dans pour par sur que qui ne pas au aux avec ce cette ces il ' +
  'elle se sa son ses plus nous vous leur mais comme el los las y o en con por para una del al es son ' +
  'su sus no lo como mas pero este esta il lo gli i di che non per della delle dei nel nella si da ' +
  'um uma os as do dos da das em no na nao com het een van voor niet zijn met ook aan dat och att som ' +
  'det den pa med av ar inte og ikke til er и в на не что с по как это к из у за от для его же то а но о';

main();

function main(): void {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error('usage: node scripts/build-word-weights.ts <folder>');
  const frequency = frequencies(folder);
  const ranked = [...frequency].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const weightOf = new Map<string, number>();
  for (const [stem, share] of ranked.slice(0, STEMS_KEPT)) weightOf.set(stem, quantised(share));
  for (const word of FOREIGN_FUNCTION_WORDS.split(' '))
    if (!weightOf.has(stemOf(word))) weightOf.set(stemOf(word), FOREIGN_WEIGHT);
  for (const word of ENGLISH_FUNCTION_WORDS.split(' ')) weightOf.set(stemOf(word), 0);
  write(weightOf);
}

/** The share of windows that hold a stem, 0 to 1, averaged over the sources by their shares. */
function frequencies(folder: string): Map<string, number> {
  const total = Object.values(SOURCES).reduce((sum, source) => sum + source.share, 0);
  const frequency = new Map<string, number>();
  const seen = new Map<string, number>();
  for (const [name, source] of Object.entries(SOURCES)) {
    const windows = source.read(path.join(folder, name)).flatMap(windowsOf);
    for (const window of windows)
      for (const stem of window) {
        seen.set(stem, (seen.get(stem) ?? 0) + 1);
        const share = source.share / total / windows.length;
        frequency.set(stem, (frequency.get(stem) ?? 0) + share);
      }
  }
  for (const [stem, count] of seen) if (count < FEWEST_WINDOWS) frequency.delete(stem);
  return frequency;
}

function windowsOf(text: string): Set<string>[] {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const windows: Set<string>[] = [];
  for (let at = 0; at < words.length; at += WINDOW_WORDS)
    windows.push(new Set(words.slice(at, at + WINDOW_WORDS).map(stemOf)));
  return windows;
}

function readGlosses(folder: string): string[] {
  const glosses = globSync(`${folder}/**/data.{noun,verb,adj,adv}`)
    .sort()
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .filter((line) => !line.startsWith('  ') && line.includes('| '))
    .map((line) => line.slice(line.indexOf('| ') + 2));
  return [glosses.join('\n')];
}

function readHtml(folder: string): string[] {
  return globSync(`${folder}/**/*.html`)
    .filter((file) => !/genindex|py-modindex|contents\.html/.test(file))
    .sort()
    .map((file) => textOfHtml(readFileSync(file, 'utf8')));
}

/** Prose only: scripts, styles and code listings say nothing about how common a word is. */
function textOfHtml(html: string): string {
  return html
    .replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<pre[\s\S]*?<\/pre>/g, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&[a-z#0-9]+;/g, ' ');
}

function quantised(share: number): number {
  return Math.round(Math.log(1 / share) / STEP) * STEP;
}

function stemOf(word: string): string {
  if (!/^[a-z]{1,64}$/.test(word)) return word;
  const units = Uint16Array.from(word, (letter) => letter.charCodeAt(0));
  return String.fromCharCode(...units.subarray(0, stemEnglish(units, units.length)));
}

function write(weightOf: ReadonlyMap<string, number>): void {
  const groups = new Map<number, string[]>();
  for (const [stem, weight] of weightOf) groups.set(weight, [...(groups.get(weight) ?? []), stem]);
  const lines = [...groups]
    .sort((a, b) => a[0] - b[0])
    .map(([weight, stems]) => `  [${weight}, '${stems.sort().join(' ')}'],`);
  const file = `/**
 * How much a stem says about a text's topic: ln(1 / the share of paragraphs that hold it), in steps
 * of ${STEP}. Made by scripts/build-word-weights.ts, not by hand. A stem that is not here is rare: see
 * \`UNKNOWN_WEIGHT\`. A change here is a new version of the model.
 */
export const WORD_WEIGHTS: readonly (readonly [weight: number, stems: string])[] = [
${lines.join('\n')}
];
`;
  writeFileSync(new URL('../src/embed/embedded/word-weights.ts', import.meta.url), file);
  console.log(`${weightOf.size} stems, ${groups.size} weights, ${file.length} characters`);
}
