export * from './diff.ts';
export {
  checkFields,
  COLLECTION_NAME,
  type DocumentContent,
  type DocumentFields,
  hashOf,
  MAX_ORIGIN_BYTES,
  type NewDocument,
  textContent,
} from './document.ts';
export { exportLine } from './export.ts';
export * from './extract/extracted.ts';
export type { Extractor } from './extract/extractor.ts';
export * from './fetch-state.ts';
export { changeFields } from './fields.ts';
export { readFileName, titleOfName } from './import/file-name.ts';
export type { ImportContent, ImportItem } from './import/item.ts';
export { type ImportMark, knownImports } from './known-imports.ts';
export * from './read.ts';
export {
  DEFAULT_REFRESH,
  nextRefresh,
  type RefreshReport,
  type RefreshState,
} from './refresh-policy.ts';
export * from './remove.ts';
export { type OnDuplicate, type Saved, saveDocuments, type SaveOptions } from './save.ts';
export * from './tasks/index.ts';
export * from './versions.ts';
