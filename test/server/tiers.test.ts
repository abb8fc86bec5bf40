/** Tiers of access over HTTP: a token finds what its tiers show, whatever it sends. */
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/engine/index.ts';
import { ConfigError } from '../../src/errors/index.ts';
import type { SearchAnswer } from '../../src/search/index.ts';
import { createHandler, type TokenOptions } from '../../src/server/index.ts';
import { given, type Library, MODES, openLibrary } from '../document/tiers-fixture.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { FakeEngine } from './fake-engine.ts';

const TOKENS = {
  anyone: { scope: 'read', token: 'token-of-anyone-01' },
  writer: { scope: 'write', token: 'token-of-writer-01' },
  member: { scope: 'read', token: 'token-of-member-01', tiers: ['premium'] },
  friend: { scope: 'read', token: 'token-of-friend-01', tiers: ['public', 'premium'] },
  nobody: { scope: 'read', token: 'token-of-nobody-01', tiers: [] },
  chief: { scope: 'admin', token: 'token-of-chief-001' },
} satisfies Record<string, TokenOptions>;

const BOOKS = [
  given('Tides', 'Common tides', 'public'),
  given('Ledger', 'Common ledger', 'premium'),
  given('Formula', 'Common formula', 'secret'),
];

type Ask = (name: keyof typeof TOKENS, body: object) => Promise<Response>;

function serving({ evervec }: Library): Ask {
  const handler = createHandler(evervec, { tokens: TOKENS });
  return async (name, body) =>
    await handler(
      new Request('http://127.0.0.1/v1/search', {
        method: 'POST',
        headers: {
          authorization: `Bearer ${TOKENS[name].token}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
      }),
    );
}

async function titles(response: Response): Promise<unknown[]> {
  expect(response.status).toBe(200);
  const { hits } = (await response.json()) as SearchAnswer;
  return hits.map(({ record }) => record['title']).sort();
}

describeEachDatabase('tiers over HTTP', ({ open }) => {
  test('a token finds its tiers alone, in every mode and on every page', async () => {
    const library = await openLibrary(await open(), BOOKS);
    const ask = serving(library);
    const seen: [keyof typeof TOKENS, string[]][] = [
      // First, so that the vector of the query is kept from it.
      ['chief', ['Formula', 'Ledger', 'Tides']],
      ['anyone', ['Tides']],
      ['writer', ['Tides']],
      ['member', ['Ledger']],
      ['friend', ['Ledger', 'Tides']],
      ['nobody', []],
    ];
    for (const [name, expected] of seen)
      for (const mode of MODES) {
        const request = { query: 'common', mode, limit: 1_000 };
        expect(await titles(await ask(name, request)), `${name} ${mode}`).toEqual(expected);
        const past = await ask(name, { ...request, offset: expected.length });
        expect(await titles(past)).toEqual([]);
        const filter = { tier: 'secret' };
        expect(await titles(await ask(name, { ...request, filter }))).toEqual(
          expected.filter((title) => title === 'Formula'),
        );
      }
    expect(library.model.texts.filter((text) => text === 'common')).toHaveLength(1);
    for (const more of [{ tiers: ['secret'] }, { tier: 'secret' }, { options: {} }])
      expect((await ask('anyone', { query: 'common', ...more })).status).toBe(400);
  });

  test('without any token this machine sees all', async () => {
    const { evervec } = await openLibrary(await open(), BOOKS);
    const handler = createHandler(evervec);
    const response = await handler(
      new Request('http://127.0.0.1/v1/search', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: 'common' }),
      }),
    );
    expect(await titles(response)).toEqual(['Formula', 'Ledger', 'Tides']);
  });
});

test('tiers that there are not are told when the server starts, and by the configuration', () => {
  const tokens = {
    member: { scope: 'read', token: 'token-of-member-01', tiers: ['premium', 'Premium'] },
    chief: { scope: 'admin', token: 'token-of-chief-001', tiers: ['premium'] },
  } as const;
  const create = () => createHandler(new FakeEngine(), { tokens });
  expect(create).toThrow(ConfigError);
  expect(create).toThrow(/member has the tier "Premium".*public, premium.*chief has tiers/s);

  const server = {
    tokens: {
      member: { scope: 'read', tiers: ['premium', 'gold'] },
      chief: { scope: 'admin', tiers: ['premium'] },
    },
  };
  const parse = (documents: unknown) => () => parseConfig({ sources: {}, documents, server }, 'it');
  expect(parse({ tiers: ['public', 'premium'] })).toThrow(
    /member.tiers: there is no tier "gold", they are public, premium; .*chief.tiers: an admin/,
  );
  expect(parse(undefined)).toThrow(/there is no tier "premium", they are public/);
});
