/** Row level security, the definer's function and the program's tiers find the same, whatever is asked. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SearchMode } from '../../src/search/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { callOf, given, type Library, MODES, openLibrary, TIERS } from './tiers-fixture.ts';

const WORDS = 'tide cloud ledger formula harbour winter copper garden engine silence'.split(' ');
const DOCUMENTS = 60;
const ASKED = 50;

/** A failure prints it; run it again with EVERVEC_SEED. */
function seedOf(): number {
  return Number(process.env['EVERVEC_SEED'] ?? Date.now() % 1_000_000);
}

const sentence = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 8 })
  .map((words) => words.join(' '));
/** Of one chunk to a few. */
const text = fc
  .array(sentence, { minLength: 1, maxLength: 3 })
  .chain((lines) => fc.constantFrom(1, 40).map((times) => `${lines.join('. ')}. `.repeat(times)));
const book = fc.record({ text, tier: fc.constantFrom(...TIERS) });

const asked = fc.record({
  query: sentence,
  mode: fc.constantFrom(...MODES),
  visible: fc.subarray([...TIERS]),
  option: fc.option(fc.subarray(['Premium', ...TIERS]), { nil: undefined }),
  limit: fc.constantFrom(1, 3, 10, 1_000),
  offset: fc.constantFrom(0, 0, 2, 30),
});

interface Asked {
  query: string;
  mode: SearchMode;
  visible: readonly string[];
  option: readonly string[] | undefined;
  limit: number;
  offset: number;
}

interface Row {
  key: string;
  score: number;
  vector: number | null;
  tier: string;
}

async function inSql(library: Library, call: (options: string) => string, one: Asked) {
  const { query, mode, visible, option, limit, offset } = one;
  const options = { limit, offset, ...(option && { tiers: option }) };
  const unused = mode === 'text' ? '$2::text is null' : '$1::text is null';
  return await library.as<Row>(
    visible.join(','),
    `select record_key as key, score, vector_score as vector, record ->> 'tier' as tier
    from ${call(callOf(mode, JSON.stringify(options)))} where ${unused} or true`,
    [query, await library.vectorOf(query)],
  );
}

async function byProgram({ evervec }: Library, one: Asked): Promise<Row[]> {
  const { query, mode, visible, option, limit, offset } = one;
  const tiers = visible.filter((tier) => option?.includes(tier) ?? true);
  const { hits } = await evervec.search({ query, mode, limit, offset, tiers });
  return hits.map(({ key, score, scores, record }) => ({
    key,
    score,
    vector: scores.vector,
    tier: String(record['tier']),
  }));
}

describeEachDatabase('tiers of access', ({ open }) => {
  it('are the same by row level security, by the definer and by the program', async () => {
    const seed = seedOf();
    const books = fc.sample(book, { seed, numRuns: DOCUMENTS });
    const library = await openLibrary(
      await open(),
      books.map(({ text, tier }, index) => given(`Book ${index}`, `${index} ${text}`, tier)),
    );
    let hits = 0;
    // Its message has the seed.
    await fc.assert(
      fc.asyncProperty(asked, async (one) => {
        const [secured = [], ...others] = await Promise.all(
          [
            `evervec.search(array['documents', 'documents'], `,
            `evervec.search('documents', `,
            'evervec.search_documents(',
          ].map((way) => inSql(library, (call) => `${way}${call})`, one)),
        );
        for (const other of others) expect(other).toEqual(secured);
        expect(await byProgram(library, one)).toEqual(secured);
        const allowed = one.visible.filter((tier) => one.option?.includes(tier) ?? true);
        for (const { tier } of secured) expect(allowed).toContain(tier);
        // By meaning all that is visible is found.
        const there = books.filter(({ tier }) => allowed.includes(tier)).length;
        if (one.mode !== 'text')
          expect(secured).toHaveLength(Math.max(0, Math.min(one.limit, there - one.offset)));
        hits += secured.length;
      }),
      { seed, numRuns: ASKED },
    );
    // Else nothing was compared; how many there are depends on the seed.
    expect(hits).toBeGreaterThan(ASKED / 5);
  });
});
