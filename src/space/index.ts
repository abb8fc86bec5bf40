export {
  createSpace,
  dropSpace,
  emptySpace,
  INDEX_FROM_CHUNKS,
  INDEX_SETTINGS,
  indexWhenFull,
  sidecarName,
  type Space,
  spacesOf,
} from './sidecar.ts';
export { encodeVectors } from './vectors.ts';
export {
  clearVectors,
  knownHashes,
  type NewChunk,
  queueSidecar,
  type RecordWrite,
  type StoredChunk,
  storedChunks,
  writeRecords,
} from './write.ts';
