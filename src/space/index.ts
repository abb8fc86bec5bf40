export { type ElementOids, findElementOids } from './element-oids.ts';
export { areGuarded, guardSidecars } from './guard.ts';
export {
  createSpace,
  describeSpace,
  dropSpace,
  emptySpace,
  finishSpace,
  INDEX_FROM_CHUNKS,
  INDEX_SETTINGS,
  indexWhenFull,
  rebuildVectorIndex,
  sidecarName,
  type ChunkSettings,
  type NewSpace,
  type Space,
  spacesOf,
  spacesOfLog,
} from './sidecar.ts';
export { dropOldIndex, type IndexSettings, noteIndexSettings } from './vector-index.ts';
export { decodeHalves, encodeVector, encodeVectors } from './vectors.ts';
export { isWeighing, weighWords } from './weigh.ts';
export {
  clearVectors,
  knownHashes,
  type NewChunk,
  queueSidecar,
  type RecordWrite,
  requireFree,
  type StoredChunk,
  storedChunks,
  writeRecords,
} from './write.ts';
export { KnownWords, Words } from './words.ts';
export { countNear, nearestWithin, sampleVectors } from './sample.ts';
