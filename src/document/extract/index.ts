// placeholder until extraction is merged
import { cleanText } from '../../chunk/index.ts';
import type { Extracted } from './extracted.ts';

export * from './extracted.ts';
export interface Extractor {
  extract(
    input: { bytes: Uint8Array; name: string | null; mediaType: string | null },
    signal?: AbortSignal,
  ): Promise<Extracted>;
  close(): Promise<void>;
}
export function createExtractor(): Extractor {
  return {
    extract: async ({ bytes }) => ({
      text: cleanText(new TextDecoder().decode(bytes)),
      parser: 'text@1',
      type: 'markdown',
      title: null,
      author: null,
      published: null,
      tags: [],
      metadata: {},
      pages: null,
      warnings: [],
    }),
    close: async () => {},
  };
}
