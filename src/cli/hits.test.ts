import { afterEach, expect, test, vi } from 'vitest';
import type { SearchHit } from '../search/index.ts';
import { formatHits } from './hits.ts';
import { addFilter } from './search.ts';

const wasTerminal = process.stdout.isTTY;
afterEach(() => {
  process.stdout.isTTY = wasTerminal;
  vi.unstubAllEnvs();
});

function shown(text: string, highlights: SearchHit['highlights']): string {
  const hit: SearchHit = {
    source: 'notes',
    key: '1',
    score: 1,
    scores: { vector: null, text: 1 },
    chunk: { index: 0, of: 1, text, start: 0, end: text.length, section: null, page: null },
    record: {},
    ...(highlights && { highlights }),
  };
  const answer = { hits: [hit], took_ms: 1, mode: 'text', space: {} } as const;
  const line =
    formatHits('q', { ...answer, hits: [hit] })
      .split('\n')
      .at(-1) ?? '';
  return line.trim().replaceAll('\x1b[1m', '[').replaceAll('\x1b[22m', ']');
}

test('words stand out on a terminal, and nowhere else', () => {
  vi.stubEnv('NO_COLOR', '');
  vi.stubEnv('TERM', 'xterm');
  vi.stubEnv('FORCE_COLOR', '1');
  const marked = (text: string, word: string) => {
    const start = text.indexOf(word);
    return shown(text, [{ start, end: start + word.length }]);
  };
  process.stdout.isTTY = true;
  expect(marked('a  whale\nswims', 'whale')).toBe('a [whale] swims');
  // A word far in is brought into sight; one that is cut keeps its end.
  expect(marked(`${'x '.repeat(300)}whale`, 'whale')).toMatch(/^…(x )+\[whale\]$/);
  expect(marked(`${'x '.repeat(50)}${'y'.repeat(300)}`, 'y'.repeat(300))).toMatch(/\[y+\]…$/);
  expect(shown('plain', undefined)).toBe('plain');
  vi.stubEnv('NO_COLOR', '1');
  expect(marked('a whale', 'whale')).toBe('a whale');
  vi.stubEnv('NO_COLOR', '');
  process.stdout.isTTY = false;
  expect(marked('a whale', 'whale')).toBe('a whale');
});

test('filters that are given one after the other all hold', () => {
  const all = (...texts: string[]) =>
    texts.reduce<object | undefined>((before, text) => addFilter(text, before), undefined);
  expect(all('seats>=6', 'seats<9', 'status=open')).toEqual({
    seats: { $gte: '6', $lt: '9' },
    status: { $eq: 'open' },
  });
  expect(all('seats>=6', 'seats>=7')).toEqual({
    $and: [{ seats: { $gte: '6' } }, { seats: { $gte: '7' } }],
  });
  expect(all('{"$or": [{"a": 1}]}', '{"$or": [{"b": 1}]}')).toEqual({
    $and: [{ $or: [{ a: 1 }] }, { $or: [{ b: 1 }] }],
  });
  expect(all('{"status": "open"}', 'status=new')).toEqual({
    $and: [{ status: 'open' }, { status: { $eq: 'new' } }],
  });
});
