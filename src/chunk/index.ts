export * from './chunker.ts';
export * from './clean-text.ts';
export { cutWithin } from './cut-within.ts';
export * from './record-chunker.ts';
export * from './structure-chunker.ts';
export * from './text-chunker.ts';
export { tokenBound } from './token-bound.ts';
