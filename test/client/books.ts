/** A small index with what search has to get right: titles, headings, tags, dates, columns of every kind, a chunk without a vector. */
import { readFile } from 'node:fs/promises';
import { decodeModel, embedText, type WordVectors } from '../../src/embed/index.ts';
import { encodeIndex, type IndexAbout, type IndexRecord } from '../../src/format/index.ts';

/** Of the file. */
export const FINGERPRINT = '2c822c44d0cbb881ff0321b8aa079293ab293e2982c0dfffe741ccdce41f851b';
export const ABOUT: IndexAbout = {
  source: 'books',
  model: { id: 'evervec/near-words@1-2c822c44/384', fingerprint: FINGERPRINT },
  fusionWeight: 0.2,
  language: 'english',
};
const MODEL_FILE = new URL('../../src/embed/embedded/near-words.bin', import.meta.url);

/** Bytes of their own, since who takes them may transfer them. */
export async function modelBytes(): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(MODEL_FILE));
}

export async function wordVectors(): Promise<WordVectors> {
  return decodeModel(await modelBytes());
}

export interface Book {
  readonly key: string;
  readonly title?: string;
  readonly publishedAt?: string;
  readonly tags?: readonly string[];
  readonly columns?: Readonly<Record<string, unknown>>;
  readonly texts: readonly (string | { text: string; section: string })[];
}

export const BOOKS: readonly Book[] = [
  {
    key: 'harbour',
    title: 'The harbour guide',
    publishedAt: '2024-01-01',
    tags: ['sea', 'guide'],
    columns: {
      lang: 'en',
      year: 1851,
      open: true,
      at: '2024-01-01',
      metadata: { author: { name: 'Ann' }, n: 1 },
    },
    texts: [
      'Gulls wake at dawn and the boats leave the quay.',
      'The red brick lighthouse is lit at night.',
    ],
  },
  {
    key: 'kitchen',
    title: 'A quiet kitchen',
    publishedAt: '2024-02-01T10:00:00Z',
    tags: ['food'],
    columns: {
      lang: 'es',
      year: 1605,
      open: false,
      at: '2024-02-01',
      metadata: { author: { name: 'Miguel' }, n: '1', tags: ['a', 'b'] },
    },
    texts: [
      'Bread is baked slowly in a brick oven that is red with heat.',
      { text: 'Soup of leeks.', section: 'Winter › Evening' },
    ],
  },
  {
    key: 'garden',
    title: 'Gardens',
    tags: ['sea', 'plants'],
    columns: { lang: null, year: null, open: null, at: null, metadata: { author: null, n: 10 } },
    texts: ['Roses want sun and a little water every day.', ''],
  },
];

export function encodeBooks(
  words: WordVectors,
  books: readonly Book[] = BOOKS,
  about: IndexAbout = ABOUT,
): Uint8Array<ArrayBuffer> {
  return encodeIndex(
    about,
    384,
    books.map((book) => recordOf(words, book)),
  );
}

function recordOf(words: WordVectors, { texts, ...book }: Book): IndexRecord {
  let start = 0;
  const chunks = texts.map((given, index) => {
    const { text, section } = typeof given === 'string' ? { text: given, section: null } : given;
    const chunk = { index, text, section, start, end: start + text.length };
    start = chunk.end;
    return { ...chunk, vector: embedText(words, text) };
  });
  return { ...book, chunks };
}
