/** A worker that is killed takes no call with it: what it asked stands in the ledger. */
import { expect, test } from 'vitest';
import { expectConverged } from '../faults/converged.ts';
import { forkWorker } from '../faults/fork-worker.ts';
import { insertItems, prepareItems } from '../faults/items.ts';
import { startModelServer, well } from '../faults/model-server.ts';
import { describeOnPostgres } from '../setup/each-database.ts';
import { Signal } from '../setup/signal.ts';
import { byCause } from './fixture.ts';

const ROWS = 20;

describeOnPostgres('the ledger of a worker that is killed', (databases) => {
  test.each(['while the model is called', 'after model', 'before commit'] as const)(
    '%s',
    async (step) => {
      const place = await databases.create();
      const database = await place.open();
      await using server = await startModelServer();
      const called = new Signal<void>('a call of the model');
      let texts = 0;
      let isFirst = step === 'while the model is called';
      server.behave = (asked) => {
        texts += asked.length;
        called.fire();
        if (!isFirst) return well(asked);
        isFirst = false;
        return { status: 202, body: null };
      };
      const evervec = await prepareItems(database, server.url);
      await insertItems(database, 1, ROWS);
      const plan = {
        url: place.location,
        modelUrl: server.url,
        leaseMs: 600,
        maxBatch: ROWS,
        timeoutMs: 30_000,
      };
      const stopAt = step === 'while the model is called' ? {} : { stopAt: step };
      await using victim = await forkWorker({ ...plan, ...stopAt });
      if ('stopAt' in stopAt) await victim.reached();
      else await called.fired();
      await victim.kill();
      await using next = await forkWorker(plan);
      await expectConverged(database, server, { paidAgain: ROWS });
      await next.stop();

      const { calls } = server;
      expect(calls).toBeGreaterThan(1);
      const { rows, total } = await evervec.cost({ by: 'cause' });
      expect(total).toMatchObject({ calls, texts, failed: 0 });
      expect(rows.map(({ name }) => name).sort()).toEqual(['change', 'retry']);
      // The model has no price and its server counts no tokens: neither is ever told as known.
      expect(total).toMatchObject({ money: null, unpriced_tokens: total.tokens });
      expect(total.estimated_tokens).toBe(total.tokens);
      const { retry } = await byCause(evervec);
      expect(retry?.texts).toBe(ROWS);
    },
  );
});
