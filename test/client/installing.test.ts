/** Installing and updating in Node, over real HTTP: what is fetched, what is in use afterwards, and who hears of it. */
import { afterEach, describe, expect, it } from 'vitest';

import { closeAll, expectEdition, setUp } from './client-setup.ts';

afterEach(closeAll);

describe('a release client', () => {
  it('installs the first release and answers from it', async () => {
    const { site, client, server, heard } = await setUp();
    await site.publish();
    await client.start();
    await expect(client.search({ query: 'edition' })).rejects.toMatchObject({
      code: 'EVERVEC_CLIENT_NO_INDEX',
    });
    expect(await client.update()).toBe(true);
    await expectEdition(client, 1);
    expect(server.asked).toEqual([
      'root.1.json',
      'root.2.json',
      'channel.json',
      'releases/1.json',
      site.last.paths.gzip,
    ]);
    expect(heard.map(({ name }) => name).filter((name) => name !== 'updateProgress')).toEqual([
      'updateAvailable',
      'updateStarted',
      'updateCompleted',
    ]);
  });

  it('takes a delta where there is one, and nothing where nothing is new', async () => {
    const { site, client, server } = await setUp();
    await site.publish();
    await client.update();
    const second = await site.publish();
    server.asked.length = 0;
    expect(await client.update()).toBe(true);
    await expectEdition(client, 2);
    expect(server.asked).toContain(second.paths.delta);
    expect(server.asked).not.toContain(second.paths.gzip);
    server.asked.length = 0;
    expect(await client.update()).toBe(false);
    expect(server.asked).toEqual(['root.2.json', 'channel.json']);
  });
});
