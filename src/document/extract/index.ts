/** Files to Markdown: bytes in, text and structure out. Knows neither the database nor the network. */
export * from './extracted.ts';
export { createExtractor, type Extractor } from './extractor.ts';
