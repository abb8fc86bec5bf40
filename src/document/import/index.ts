export { readCsv } from './csv.ts';
export { readFileName, titleOfName } from './file-name.ts';
export { fileItem, type FolderListing, type FolderOptions, listFolder } from './folder.ts';
export type { ImportContent, ImportItem } from './item.ts';
export { exportLine, readJsonl } from './jsonl.ts';
