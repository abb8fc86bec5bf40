/**
 * How well searches rank: nDCG@10 of the three modes of `evervec.search` on collections in BEIR's shape, with the embedded
 * model: `evervec evaluate` in the bench's frame. On the server of `DATABASE_URL`, else in memory.
 *
 *     npm run bench -- quality-search <folder> [<folder> …]
 */
import path from 'node:path';
import { evaluate } from '../src/engine/evaluate.ts';
import { readQueries } from '../src/evaluate/index.ts';
import { type Bench, single } from './bench.ts';

export const bench: Bench = {
  name: 'quality-search',
  claim:
    'nDCG@10 on public collections (folders in BEIR shape): hybrid ÷ the better of text and vector',
  aim: { text: '≥ 1 for the least of all', ratio: 1, bound: 'at least' },

  async run({ operands: folders, note }) {
    if (folders.length === 0)
      throw new Error(
        'Name at least one folder in BEIR shape: corpus.jsonl, queries.jsonl, qrels/.',
      );
    const database = process.env['DATABASE_URL'] ?? ':memory:';
    const figures: Record<string, number> = {};
    const ratios: number[] = [];
    for (const folder of folders) {
      const name = path.basename(path.resolve(folder));
      const judged = await readQueries(folder);
      const evaluation = await evaluate({ database, sources: {} }, folder, judged, {
        onWarning: (text) => note(`${name}: ${text}`),
      });
      for (const [mode, { ndcg10 }] of Object.entries(evaluation?.modes ?? {}))
        figures[`${name} ${mode}`] = ndcg10;
      const { text, vector, hybrid } = evaluation?.modes ?? {};
      ratios.push((hybrid?.ndcg10 ?? 0) / Math.max(text?.ndcg10 ?? 0, vector?.ndcg10 ?? 0));
    }
    return { figures, ratio: single(Math.min(...ratios)), remarks: ['exact: one run is all'] };
  },
};
