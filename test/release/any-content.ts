/** Content that releases are built from without a database. */
import type { IndexAbout } from '../../src/format/index.ts';
import { buildRelease, type BuiltRelease, type ContentRecord } from '../../src/release/index.ts';

export const ABOUT: IndexAbout = {
  source: 'articles',
  model: { id: 'test/any@8', fingerprint: 'any' },
  fusionWeight: 0.5,
  language: 'english',
};
export const DIMENSIONS = 8;

/** @param salt makes other texts and vectors of the same keys */
export function record(id: number, salt = 0): ContentRecord {
  const text = `Record number${id} speaks of subject${id} and of variety${salt}, at some length, so that there is something to gain.`;
  return {
    key: String(id).padStart(5, '0'),
    title: `Record ${id}`,
    tags: ['any'],
    publishedAt: '2024-01-01',
    updatedAt: `2024-01-01T00:00:${String(id % 60).padStart(2, '0')}`,
    chunks: [
      {
        index: 0,
        text,
        start: 0,
        end: text.length,
        vector: Float32Array.from({ length: DIMENSIONS }, (_, i) =>
          Math.sin(id * 31 + i * 7 + salt),
        ),
      },
    ],
  };
}

export function records(count: number, saltOf: (id: number) => number = () => 0): ContentRecord[] {
  return Array.from({ length: count }, (_, id) => record(id, saltOf(id)));
}

export type Given = Partial<Parameters<typeof buildRelease>[0]>;

/** @throws Error where nothing changed */
export async function built(given: Given = {}): Promise<BuiltRelease> {
  const release = await buildRelease({
    name: 'any',
    about: ABOUT,
    dimensions: DIMENSIONS,
    records: records(50),
    bases: [],
    hasModel: true,
    knowledge: null,
    ...given,
  });
  if ('unchanged' in release) throw new Error('nothing changed');
  return release;
}
