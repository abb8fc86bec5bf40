export { applyDelta } from './apply-delta.ts';
export { decodeIndex, type ReleaseIndex } from './decode-index.ts';
export { encodeDelta } from './encode-delta.ts';
export { encodeIndex } from './encode-index.ts';
export { sha256Hex } from './hash.ts';
export type {
  DecodedChunk,
  DecodedRecord,
  IndexAbout,
  IndexChunk,
  IndexRecord,
} from './index-content.ts';
export {
  paddedDimensions,
  quantise,
  quantiseQuery,
  recallOfQuantisation,
  type Quantised,
  type QuantisedQuery,
} from './quantise.ts';
export * from './trust/index.ts';
