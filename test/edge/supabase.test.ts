/** Supabase's model in a function, played by an object of the shape of its runtime's `Session`. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createDrainHandler } from '../../src/edge/index.ts';
import { supabaseModel } from '../../src/embed/index.ts';
import { createEvervec } from '../../src/engine/index.ts';
import { ProviderError } from '../../src/errors/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';

const SECRET = 'a-secret-for-the-scheduler';
const MAX_TOKENS = 512;

/** One text a call, a flat list of numbers, pooled unless told otherwise; cut at 512 tokens without a word. */
class Session {
  readonly asked: string[] = [];
  isBroken = false;

  constructor(model: string) {
    if (model !== 'gte-small') throw new Error('model not supported');
  }

  async run(
    prompt: string,
    { mean_pool = true, normalize = true }: { mean_pool?: boolean; normalize?: boolean } = {},
  ): Promise<number[]> {
    if (this.isBroken) throw new Error(`failed to get inference results of ${prompt}`);
    this.asked.push(prompt);
    const tokens = prompt.split(/\s+/).slice(0, MAX_TOKENS);
    const rows = tokens.map((token) => vectorOf(token));
    if (!mean_pool) return rows.flat();
    const mean = Array.from(
      { length: 384 },
      (_, at) => rows.reduce((sum, row) => sum + (row[at] ?? 0), 0) / rows.length,
    );
    const length = normalize ? Math.hypot(...mean) : 1;
    return mean.map((value) => value / length);
  }
}

function vectorOf(token: string): number[] {
  const bytes = createHash('shake256', { outputLength: 384 }).update(token).digest();
  return Array.from(bytes, (byte) => byte - 127.5);
}

describeEachDatabase("Supabase's model", (databases) => {
  test('embeds in a function what was set up without it; nothing is cut', async () => {
    const database = await databases.open();
    await database.query('create table items (id integer primary key, body text)');
    const sources = { items: { table: 'items', text: ['body'], chunk: { maxChars: 10_000 } } };
    const outside = await createEvervec({ model: supabaseModel(), sources }, { database });
    await outside.setup();
    const long = Array.from({ length: 900 }, (_, at) => `w${at}`).join(' ');
    await database.query(`insert into items values (1, 'a windmill'), (2, 'a whale'), (3, $1)`, [
      long,
    ]);

    const session = new Session('gte-small');
    const inside = await createEvervec({ model: supabaseModel(session), sources }, { database });
    const handle = createDrainHandler(async () => inside, { secret: SECRET });
    const request = () =>
      new Request('http://127.0.0.1/', { headers: { authorization: `Bearer ${SECRET}` } });
    expect(await (await handle(request())).json()).toMatchObject({ done: 3, failed: 0 });
    expect(session.asked.join(' ').split(/\s+/)).toHaveLength(904);
    for (const text of session.asked) expect(text.split(/\s+/).length).toBeLessThan(MAX_TOKENS);
    const { hits } = await inside.search({ query: 'a whale', mode: 'vector' });
    expect(hits[0]?.key).toBe('2');

    session.asked.length = 0;
    const { hits: far } = await inside.search({ query: long.slice(0, 4_500), mode: 'vector' });
    expect(far[0]?.key).toBe('3');
    expect(session.asked.length).toBeGreaterThan(1);

    const words = await outside.search({ query: 'windmill', mode: 'text' });
    expect(words.hits.map((hit) => hit.key)).toEqual(['1']);
    await expect(outside.search({ query: 'windmill', mode: 'vector' })).rejects.toThrow(
      ProviderError,
    );
  });

  test('that fails is waited for, and its words are not told', async () => {
    const session = new Session('gte-small');
    session.isBroken = true;
    const call = supabaseModel(session).doEmbed({ values: ['a secret'], kind: 'document' });
    const error: unknown = await call.catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(ProviderError);
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
  });
});
