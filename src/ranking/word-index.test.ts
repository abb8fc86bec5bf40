/** BM25 as its formula says, computed here the long way. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildWordIndex } from './word-index.ts';

const indexOf = (texts: readonly string[], language?: string) =>
  buildWordIndex(texts.length, (text) => [texts[text] ?? ''], language);

/** Of words that are their own stems. */
function bm25(texts: readonly string[], query: string): number[] {
  const words = texts.map((text) => text.split(' ').filter((word) => word !== ''));
  const mean = words.reduce((sum, { length }) => sum + length, 0) / texts.length;
  return words.map((own) => {
    let score = 0;
    for (const term of new Set(query.split(' '))) {
      const df = words.filter((other) => other.includes(term)).length;
      const tf = own.filter((word) => word === term).length;
      const idf = Math.log(1 + (texts.length - df + 0.5) / (df + 0.5));
      if (tf > 0) score += (idf * tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * own.length) / mean));
    }
    return score;
  });
}

describe('an index of words', () => {
  it('scores as BM25 says', () => {
    const word = fc.constantFrom('sea', 'dog', 'cat', 'ox', 'boat', 'rope');
    const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 30 }), text, (texts, query) => {
        const scores = indexOf(texts).scores(query);
        for (const [i, score] of bm25(texts, query).entries())
          expect(scores[i]).toBeCloseTo(score, 9);
      }),
    );
  });

  it.each([65_536, 65_537])('tells %i texts apart', (count) => {
    const texts = Array.from({ length: count }, (_, text): string =>
      text % 2 === 0 ? 'sea' : 'sea dog',
    );
    texts[count - 1] = 'cat';
    const index = indexOf(texts);
    expect([index.scores('cat').findIndex((score) => score > 0), index.textCount]).toEqual([
      count - 1,
      count,
    ]);
    expect(index.scores('cat').filter((score) => score > 0)).toHaveLength(1);
  });

  it('finds other forms of English words, in any case and spelling of the letters', () => {
    const index = indexOf(['The BOATS were sailing.', 'A ﬁsh', 'Ａ cat']);
    const scores = (query: string) => index.scores(query);
    expect(scores('boat sails').map(Math.sign)).toEqual(Float64Array.of(1, 0, 0));
    expect(scores('Fish').map(Math.sign)).toEqual(Float64Array.of(0, 1, 0));
    expect(scores('cats, dogs').map(Math.sign)).toEqual(Float64Array.of(0, 0, 1));
    // Without those that say nothing.
    expect(index.termCount).toBe(4);
  });

  it('of another language takes words as they are', () => {
    const texts = ['Die Möwen schlafen.', 'Eine Möwe schläft.'];
    expect(indexOf(texts, 'simple').scores('möwe').map(Math.sign)).toEqual(Float64Array.of(0, 1));
  });

  it('has no answer without words, and takes any text', () => {
    expect(indexOf([]).scores('sea')).toEqual(new Float64Array());
    expect(indexOf(['', '…']).scores('sea … ')).toEqual(Float64Array.of(0, 0));
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' })),
        fc.string({ unit: 'binary' }),
        (texts, query) => {
          expect(
            indexOf(texts)
              .scores(query)
              .every((score) => score >= 0),
          ).toBe(true);
        },
      ),
    );
  });

  it('holds a text of one very long word, and many words', () => {
    const texts = ['x'.repeat(1_000_000), 'constructor __proto__ toString', 'sea '.repeat(10_000)];
    const index = indexOf(texts);
    const scores = (query: string) => index.scores(query);
    expect(scores('x'.repeat(1_000_000))[0]).toBeGreaterThan(0);
    expect(scores('constructor')[1]).toBeGreaterThan(0);
    expect(scores('sea')[2]).toBeGreaterThan(0);
  });
});
