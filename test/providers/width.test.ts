/** The width of a model that is not known by name: found by one call, and then kept with what was embedded. */
import { expect, test } from 'vitest';
import { createEvervec } from '../../src/engine/index.ts';
import { ProviderError } from '../../src/errors/index.ts';
import { WIDTH } from '../faults/model-server.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { startWireServer } from './wire-server.ts';

describeEachDatabase('a model of unknown width', (databases) => {
  test('is called once for it; then a provider that is down hinders neither start nor words', async () => {
    const place = await databases.create();
    const database = await place.open();
    await database.query('create table notes (id integer primary key, body text not null)');
    await database.query(`insert into notes values (1, 'a windmill'), (2, 'a whale')`);
    await using server = await startWireServer();
    const config = {
      model: { provider: 'ollama' as const, model: 'digest', baseUrl: server.url },
      sources: { notes: { table: 'notes', text: ['body'] } },
    };

    server.play = () => 'cut';
    await expect(createEvervec(config, { database })).rejects.toThrow(ProviderError);
    server.play = () => 'well';
    server.calls = 0;
    const first = await createEvervec(config, { database });
    expect(server.calls).toBe(1);
    await first.setup();
    await first.backfill();
    const worker = await first.worker();
    await worker.drain();

    server.calls = 0;
    server.play = () => 'cut';
    const second = await createEvervec(config, { database });
    expect(server.calls).toBe(0);
    expect(second.model).toMatchObject({ id: `ollama/digest/${WIDTH}`, dimensions: WIDTH });
    const { hits } = await second.search({ query: 'windmill', mode: 'text' });
    expect(hits.map((hit) => hit.key)).toEqual(['1']);
    await expect(second.search({ query: 'windmill', mode: 'vector' })).rejects.toThrow(
      ProviderError,
    );
    const other = { ...config, model: { ...config.model, model: 'another' } };
    await expect(createEvervec(other, { database })).rejects.toThrow(ProviderError);
  });
});
