/** From WordNet's database files to synsets: their words, gloss and the pointers that say what is near to what. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface Synset {
  readonly words: readonly string[];
  /** For each word, which of its senses this is, from 1, the commonest. */
  readonly senses: readonly number[];
  readonly gloss: string;
  /** Positions of other synsets: what this is a kind of. */
  readonly kindsOf: readonly number[];
  /** Positions of others that share a root or a sense: derived forms, similar adjectives, causes. */
  readonly related: readonly number[];
}

const PARTS = ['noun', 'verb', 'adj', 'adv'] as const;
const KIND_OF = new Set(['@', '@i']);
const RELATED = new Set(['+', '&', '^', '\\', '<', '$', '>', '*', '=']);
const LETTER_OF_PART = { noun: 'n', verb: 'v', adj: 'a', adv: 'r' } as const;

export function readWordnet(folder: string): Synset[] {
  const root = path.join(folder, 'wordnet-base/usr/share/wordnet');
  const lines = PARTS.flatMap((part) =>
    readLines(root, `data.${part}`).map((line) => ({
      key: LETTER_OF_PART[part] + line.slice(0, 8),
      line,
    })),
  );
  const positions = new Map(lines.map(({ key }, i) => [key, i]));
  const senses = readSenses(root);
  return lines.map(({ key, line }) => parse(key, line, positions, senses));
}

/** Word and synset, as `word n00001740`, to the number of the sense: an index line lists them by how common they are. */
function readSenses(root: string): Map<string, number> {
  const senses = new Map<string, number>();
  for (const part of PARTS)
    for (const line of readLines(root, `index.${part}`)) {
      const fields = line.trim().split(' ');
      const offsets = fields.filter((field) => /^\d{8}$/.test(field));
      for (const [i, offset] of offsets.entries())
        senses.set(`${fields[0]} ${LETTER_OF_PART[part]}${offset}`, i + 1);
    }
  return senses;
}

/** The lines of a file after its licence, which begins each line with two blanks. */
function readLines(root: string, file: string): string[] {
  const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('  '));
}

/** Irregular forms and what they are forms of: `children child`. */
export function readIrregular(folder: string): (readonly [string, string])[] {
  const root = path.join(folder, 'wordnet-base/usr/share/wordnet');
  return PARTS.flatMap((part) =>
    readFileSync(path.join(root, `${part}.exc`), 'utf8')
      .trim()
      .split('\n'),
  ).flatMap((line) => {
    const [form = '', ...bases] = line.split(' ');
    return bases.map((base) => [form, base] as const);
  });
}

function parse(
  key: string,
  line: string,
  positions: ReadonlyMap<string, number>,
  sensesOf: ReadonlyMap<string, number>,
): Synset {
  const [data = '', gloss = ''] = line.split(' | ');
  const fields = data.trim().split(' ');
  const count = Number.parseInt(fields[3] ?? '0', 16);
  const lemmas = Array.from({ length: count }, (_, i) =>
    (fields[4 + 2 * i] ?? '').replace(/\([a-z]+\)$/, ''),
  );
  const senses = lemmas.map((lemma) => sensesOf.get(`${lemma.toLowerCase()} ${key}`) ?? 9);
  const words = lemmas.map((lemma) => lemma.replaceAll(/[_-]/g, ' '));
  const first = 4 + 2 * count;
  const kindsOf: number[] = [];
  const related: number[] = [];
  for (let p = 0; p < Number(fields[first] ?? 0); p++) {
    const at = first + 1 + 4 * p;
    const other = positions.get((fields[at + 2] ?? '').replace('s', 'a') + fields[at + 1]);
    if (other === undefined) continue;
    if (KIND_OF.has(fields[at] ?? '')) kindsOf.push(other);
    else if (RELATED.has(fields[at] ?? '')) related.push(other);
  }
  return { words, senses, gloss, kindsOf, related };
}
