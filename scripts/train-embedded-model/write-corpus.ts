/**
 * Writes what the trainer reads: every text as numbers of stems. Words are split and stemmed by the code that the model
 * itself uses, so that a stem of the training is a stem of the search.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { stemEnglish } from '../../src/ranking/english-stem.ts';
import { FOLD_OF_UNIT } from '../../src/embed/embedded/unit-classes.ts';
import { WORD_WEIGHTS } from '../../src/embed/embedded/word-weights.ts';
import { TEXT_PACKAGES } from './packages.ts';
import { readPages } from './read-pages.ts';
import { readIrregular, readWordnet } from './read-wordnet.ts';

const LONGEST_WORD = 40;

/** Numbers stems in order of first sight. */
class StemNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #numberOfWord = new Map<string, number>();
  readonly #units = new Uint16Array(64);

  of(text: string): number[] {
    const numbers: number[] = [];
    for (const word of fold(text).match(/[a-z0-9]+/g) ?? []) {
      if (word.length > LONGEST_WORD) continue;
      numbers.push(this.#ofWord(word));
    }
    return numbers;
  }

  get stems(): string[] {
    return [...this.#numbers.keys()];
  }

  #ofWord(word: string): number {
    const known = this.#numberOfWord.get(word);
    if (known !== undefined) return known;
    const stem = this.#stem(word);
    const number = this.#numbers.get(stem) ?? this.#numbers.size;
    this.#numbers.set(stem, number);
    this.#numberOfWord.set(word, number);
    return number;
  }

  /** As the model's reader: only words of a to z are English. */
  #stem(word: string): string {
    if (!/^[a-z]+$/.test(word)) return word;
    for (let i = 0; i < word.length; i++) this.#units[i] = word.charCodeAt(i);
    return String.fromCharCode(...this.#units.subarray(0, stemEnglish(this.#units, word.length)));
  }
}

function fold(text: string): string {
  const lower = text.normalize('NFKC').toLowerCase();
  let folded = '';
  for (let i = 0; i < lower.length; i++)
    folded += String.fromCharCode(FOLD_OF_UNIT[lower.charCodeAt(i)] ?? 0);
  return folded;
}

/** @returns the tokens of each source */
export function writeCorpus(folder: string, out: string): Map<string, number> {
  const numbers = new StemNumbers();
  const tokens = new Map<string, number>();
  const synsets = readWordnet(folder).map((synset) => ({
    words: synset.words.map((word) => numbers.of(word)),
    senses: synset.senses,
    gloss: numbers.of(synset.gloss),
    kindsOf: synset.kindsOf,
    related: synset.related,
  }));
  const irregular = readIrregular(folder).map((pair) => pair.map((word) => numbers.of(word)));
  writeFileSync(path.join(out, 'wordnet.json'), JSON.stringify({ synsets, irregular }));
  const sections: { source: number; heading: number[]; text: number[] }[] = [];
  for (const [source, one] of TEXT_PACKAGES.entries()) {
    const read = one.pages === '' ? [] : readPages(folder, one);
    const seen = new Set<string>();
    for (const { heading, text } of read) {
      if (seen.has(text)) continue;
      seen.add(text);
      sections.push({ source, heading: numbers.of(heading), text: numbers.of(text) });
      tokens.set(one.name, (tokens.get(one.name) ?? 0) + (sections.at(-1)?.text.length ?? 0));
    }
  }
  tokens.set(
    'wordnet-base',
    synsets.reduce((sum, { gloss }) => sum + gloss.length, 0),
  );
  writeSections(path.join(out, 'sections.i32'), sections);
  const functionWords = WORD_WEIGHTS.find(([weight]) => weight === 0)?.[1] ?? '';
  writeFileSync(path.join(out, 'function-words.txt'), functionWords.replaceAll(' ', '\n'));
  writeFileSync(path.join(out, 'stems.txt'), numbers.stems.join('\n'));
  return tokens;
}

/** Little-endian int32: per section its source, the lengths of heading and text, and both. */
function writeSections(
  file: string,
  sections: readonly { source: number; heading: number[]; text: number[] }[],
): void {
  const length = sections.reduce((sum, s) => sum + 3 + s.heading.length + s.text.length, 0);
  const numbers = new Int32Array(length);
  let at = 0;
  for (const { source, heading, text } of sections) {
    numbers.set([source, heading.length, text.length], at);
    numbers.set(heading, at + 3);
    numbers.set(text, at + 3 + heading.length);
    at += 3 + heading.length + text.length;
  }
  writeFileSync(file, numbers);
}
