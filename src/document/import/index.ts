export { readCsv } from './csv.ts';
export { fileItem, type FolderListing, type FolderOptions, listFolder } from './folder.ts';
export { readJsonl } from './jsonl.ts';
