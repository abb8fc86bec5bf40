/** What a release is measured with: made-up English in chunks of some 829 characters, ten to a record, with the vectors of the embedded model. */
import { embedText, loadWordVectors } from '../src/embed/index.ts';
import type { IndexAbout, IndexChunk, IndexRecord } from '../src/format/index.ts';
import { sampleTexts } from './sample-texts.ts';

export const DIMENSIONS = 384;
const CHARS = 829;
const CHUNKS_OF_RECORD = 10;

export const ABOUT: IndexAbout = {
  source: 'articles',
  model: { id: 'evervec/near-words', fingerprint: 'bench' },
  fusionWeight: 0.2,
  language: 'english',
};

export type SampleChunk = IndexChunk & { readonly vector: Float32Array };
export type SampleRecord = Omit<IndexRecord, 'chunks'> & {
  readonly chunks: readonly SampleChunk[];
};

export async function sampleRecords(chunks: number): Promise<SampleRecord[]> {
  const model = await loadWordVectors();
  const texts = [...sampleTexts(chunks, CHARS)];
  return Array.from({ length: Math.ceil(chunks / CHUNKS_OF_RECORD) }, (_, record) => {
    const own = texts.slice(record * CHUNKS_OF_RECORD, (record + 1) * CHUNKS_OF_RECORD);
    let start = 0;
    return {
      key: String(1_000 + record),
      title: `Article ${record}`,
      url: `https://example.org/articles/${record}`,
      tags: ['articles'],
      chunks: own.map((text, index) => {
        const chunk = { index, text, start, end: start + text.length };
        start = chunk.end;
        return { ...chunk, section: `Part ${index}`, vector: embedText(model, text) };
      }),
    };
  });
}

/**
 * With one chunk in fifty replaced, each in another record as long as there are enough: text and vector are those of texts that no other chunk
 * has.
 */
export async function edited(records: readonly SampleRecord[]): Promise<SampleRecord[]> {
  const model = await loadWordVectors();
  const chunks = records.reduce((sum, record) => sum + record.chunks.length, 0);
  const changes = Math.round(chunks / 50);
  const step = Math.max(1, Math.floor(records.length / changes));
  const fresh = [...sampleTexts(changes, CHARS, 301)];
  return records.map((record, at) => {
    const text = at % step === 0 ? fresh[at / step] : undefined;
    if (text === undefined) return record;
    const changed = record.chunks.map((chunk) =>
      chunk.index === at % record.chunks.length
        ? { ...chunk, text, end: chunk.start + text.length, vector: embedText(model, text) }
        : chunk,
    );
    return { ...record, chunks: changed };
  });
}

/** The documented shape of older systems: JSON of chunks, each with its text, its embedding as numbers, and its metadata. */
export function asJson(records: readonly SampleRecord[]): string {
  const chunks = records.flatMap(({ key, title, url, tags, chunks }) =>
    chunks.map(({ index, text, section, vector }) => ({
      id: `${key}-${index}`,
      text,
      embedding: Array.from(vector),
      metadata: { title, url, tags, section },
    })),
  );
  return JSON.stringify({ version: '1.0.0', embeddingModel: ABOUT.model.id, chunks });
}
