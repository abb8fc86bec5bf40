/** `evervec backfill` as it is typed: the plan, the question, taking back; and what the switches refuse. */
import { expect, test } from 'vitest';
import { commandFolder } from '../setup/command.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';

/** A model of somebody else's, which may cost money. */
const CONFIG = `
const model = {
  provider: 'mine', modelId: 'lengths', id: 'mine/lengths@1', dimensions: 2, fusionWeight: 0.5,
  maxEmbeddingsPerCall: 10, supportsParallelCalls: true,
  doEmbed: async ({ values }) => ({ embeddings: values.map((value) => [value.length, 1]), usage: undefined }),
};
export default {
  model, price: { perMillionTokens: 1000 },
  sources: { notes: { table: 'notes', text: ['body'] }, more: { table: 'notes', text: ['id', 'body'] } },
};`;

describeOnOneDatabase('evervec backfill', (databases) => {
  test('plans, asks, queues, takes back, embeds', { timeout: 240_000 }, async () => {
    const place = await databases.create('empty');
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', CONFIG);
    const env = { DATABASE_URL: place.location };
    const code = (...args: string[]) => folder.run(args, env);
    const run = async (...args: string[]) => {
      const outcome = await code(...args);
      expect({ args, ...outcome }).toMatchObject({ code: 0 });
      return outcome.stdout;
    };
    const json = async (...args: string[]) => JSON.parse(await run(...args, '--json'));
    const database = await place.open();
    await database.query('create table notes (id integer primary key, body text)');
    await database.query(
      `insert into notes select n, 'body of ' || n from generate_series(1, 30) n`,
    );
    await database.close();
    await run('setup');

    const plan = { source: 'notes', rows: 30, sampled: 30, records: 30, chunks: 30, tokens: 90 };
    expect(await json('backfill', 'notes', '--dry-run')).toEqual({
      plans: [{ ...plan, cost: expect.closeTo(0.09), seconds: null }],
      budgets: [],
    });
    const shown = await run('backfill', '--dry-run');
    expect(shown).toMatch(/source +rows +to embed +texts +tokens +cost +time/);
    expect(shown).toMatch(/notes +30 +30 +30 +90 +0.09 +unknown/);

    // It costs money and there is nobody to ask.
    const asked = await code('backfill');
    expect(asked).toMatchObject({ code: 2 });
    expect(asked.stderr).toMatch(/Embed with mine\/lengths@1\?.*no terminal[^]*Add --yes/);

    const options = ['--yes', '--queue-only', '--priority', '-3'];
    expect(await json('backfill', 'notes', ...options)).toMatchObject({
      queued: { notes: 30 },
      done: 0,
      pending: 30,
    });
    expect(await code('backfill', 'rollback')).toMatchObject({ code: 2 });
    expect(await json('backfill', 'rollback', 'notes', '--confirm')).toEqual({
      taken_back: { notes: 30 },
    });
    expect(await json('queue', 'audit')).toMatchObject({
      audit: [{ action: 'backfill rollback', detail: { jobs: 30 } }, { action: 'backfill' }],
    });

    const embedded = await json('backfill', '--yes', '--batch-size', '7');
    expect(embedded).toMatchObject({ queued: { notes: 30, more: 30 }, done: 60, pending: 0 });
    expect(await json('backfill', '--dry-run')).toMatchObject({
      plans: [{ records: 0, tokens: 0, cost: 0 }, { records: 0 }],
    });

    for (const [args, message] of [
      [['backfill', 'nots'], /"nots"[^]*notes/],
      [['backfill', '--priority', '1.5'], /1\.5 is not a whole number/],
      [['backfill', '--batch-size', '0'], /0 is not a whole number from 1 to 10000/],
    ] as const) {
      const outcome = await code(...args);
      expect({ args, code: outcome.code }).toEqual({ args, code: 2 });
      expect(outcome.stderr).toMatch(message);
    }
    const off = { ...env, EMBEDDING_QUEUE_ENABLED: 'false' };
    for (const args of [['worker'], ['worker', '--once'], ['backfill', '--yes', '--queue-only']])
      expect(await folder.run(args, off)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/queue is switched off[^]*EMBEDDING_QUEUE_ENABLED/),
      });
    const wrong = await folder.run(['check'], { ...env, SEMANTIC_SEARCH_ENABLED: 'perhaps' });
    expect(wrong.stdout).toMatch(/SEMANTIC_SEARCH_ENABLED is neither true nor false/);
  });
});
