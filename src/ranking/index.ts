export { cosinesOf, createRowScorer, type RowScorer } from './dot-rows.ts';
export * from './fuse-scores.ts';
export type { TextPart } from './scan-words.ts';
export { topK } from './top-k.ts';
export { buildWordIndex, type WordIndex, wordIndexInSteps } from './word-index.ts';
