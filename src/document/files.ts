/**
 * What reads files: it needs the file system and processes of its own, so it is apart from the rest, and loaded only where
 * something is taken in.
 */
export { createExtractor } from './extract/index.ts';
export {
  fileItem,
  type FolderListing,
  type FolderOptions,
  listFolder,
  readCsv,
  readJsonl,
} from './import/index.ts';
