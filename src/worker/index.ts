export {
  createEmbedRecords,
  embeddedText,
  planRecord,
  type WrittenRecord,
} from './embed-records.ts';
export { errorLabel } from './error-label.ts';
export type { Handler, Prepared } from './handler.ts';
export { RETRY, Worker, type WorkerOptions } from './worker.ts';
export { limitYoungGeneration } from './young-generation.ts';
export type { Upkeep } from './maintainer.ts';
