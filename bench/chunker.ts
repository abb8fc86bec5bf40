/**
 * How fast Markdown is cut by its structure, in bytes of UTF-8, beside a Markdown parser that makes a tree of the same
 * texts in the same run. The texts are those of `docs/`, or of folders that are named.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { createStructureChunker, createTextChunker } from '../src/chunk/index.ts';
import { type Bench, spreadOf } from './bench.ts';

const LEAST_MEGABYTES_PER_SECOND = 20;
/** All texts are cut as often as makes so many bytes; the parser gets a hundredth of them, which takes it long enough. */
const BYTES_PER_ROUND = 20_000_000;
const PARSER_PART = 100;
const RUNS = 7;

export const bench: Bench = {
  name: 'chunker',
  claim: 'Markdown cut by its structure, MB/s at the default options ÷ 20',
  aim: { text: '≥ 1 (20 MB/s)', ratio: 1, bound: 'at least' },

  async run({ runs = RUNS, operands }) {
    const folders = operands.length > 0 ? operands : [path.join(import.meta.dirname, '../docs')];
    const texts = folders
      .flatMap((folder) => globSync(path.join(folder, '**/*.md')))
      .map((file) => readFileSync(file, 'utf8'));
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const rounds = Math.max(1, Math.round(BYTES_PER_ROUND / bytes));
    const parserRounds = Math.max(1, Math.round(rounds / PARSER_PART));
    const [structure, text] = [createStructureChunker(), createTextChunker()];
    const parser = unified().use(remarkParse).use(remarkGfm);
    const measure = () => ({
      structure: rateOf(texts, rounds, bytes, (each) => structure.chunk(each)),
      text: rateOf(texts, rounds, bytes, (each) => text.chunk(each)),
      parser: rateOf(texts, parserRounds, bytes, (each) => parser.parse(each)),
    });
    measure();
    const rates = Array.from({ length: runs }, measure);
    return {
      figures: {
        'MB/s by structure': spreadOf(rates.map((rate) => rate.structure)),
        'MB/s as text': spreadOf(rates.map((rate) => rate.text)),
        'MB/s of remark-parse, its tree alone': spreadOf(rates.map((rate) => rate.parser)),
        'MB of texts': bytes / 1e6,
      },
      ratio: spreadOf(rates.map((rate) => rate.structure / LEAST_MEGABYTES_PER_SECOND)),
    };
  },
};

/** @returns MB/s */
function rateOf(
  texts: readonly string[],
  rounds: number,
  bytes: number,
  work: (text: string) => unknown,
): number {
  const start = performance.now();
  for (let round = 0; round < rounds; round++) for (const text of texts) work(text);
  return (rounds * bytes) / 1000 / (performance.now() - start);
}
