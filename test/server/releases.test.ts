/** Releases that the server shows: their files, and the news of them. */
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { promote } from '../../src/release/index.ts';
import { describeEachDatabase, describeOnOneDatabase } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';
import { listen, startReleases } from './releases-fixture.ts';

/** As it is spelt: `fetch` would tidy it up. */
async function statusOf(folder: string, path: string): Promise<number> {
  const { hostname, port, pathname } = new URL(folder);
  const asked = request({ hostname, port, path: pathname + path }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode ?? 0;
}

/** Asks, and is gone before there is an answer. */
async function rushBy(url: string, path: string, turns: number): Promise<void> {
  const { port, hostname, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nx-from: 192.0.2.1\r\n\r\n`);
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
  socket.destroy();
  await once(socket, 'close');
}

describeOnOneDatabase('the files of a release', ({ open }) => {
  it('are shown to all, to be kept as long as they are good', async () => {
    const { folder, publish, url, serving } = await startReleases(await open());
    await serving.start();
    await publish();
    const channel = await fetch(`${folder}channel.json`);
    expect(channel.status).toBe(200);
    expect(Object.fromEntries(channel.headers)).toMatchObject({
      'cache-control': 'no-cache',
      'content-type': 'application/json',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(channel.headers.get('access-control-allow-origin')).toBeNull();
    const { signed } = (await channel.json()) as {
      signed: { current: { manifest: { path: string } } };
    };
    const manifest = await fetch(folder + signed.current.manifest.path);
    expect(manifest.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const { signed: told } = (await manifest.json()) as {
      signed: { index: { files: { path: string; bytes: number }[] } };
    };
    for (const { path, bytes } of told.index.files) {
      const file = await fetch(folder + path);
      expect(file.headers.get('content-encoding')).toBeNull();
      expect(Number(file.headers.get('content-length'))).toBe(bytes);
      expect((await file.arrayBuffer()).byteLength).toBe(bytes);
    }
    for (const path of ['/releases/hidden/channel.json', '/releases/none/channel.json'])
      expect((await fetch(url + path)).status).toBe(404);
  });

  it('are not sent again to who has them', async () => {
    const { folder, publish } = await startReleases(await open());
    await publish();
    const first = await fetch(`${folder}channel.json`);
    const etag = first.headers.get('etag') ?? '';
    await first.text();
    const ask = async (header: string) =>
      (await fetch(`${folder}channel.json`, { headers: { 'if-none-match': header } })).status;
    expect([await ask(etag), await ask(`"x", W/${etag}`), await ask('"x"')]).toEqual([
      304, 304, 200,
    ]);
    await publish();
    expect(await ask(etag)).toBe(200);
    const head = await fetch(`${folder}channel.json`, { method: 'HEAD' });
    expect([head.status, Number(head.headers.get('content-length')) > 100]).toEqual([200, true]);
    expect(
      (await fetch(`${folder}channel.json`, { method: 'DELETE' })).status,
    ).toBeGreaterThanOrEqual(404);
  });

  it('are all that can be had', async () => {
    const { shop, folder, publish } = await startReleases(await open());
    await publish();
    await writeFile(`${shop.folder}/secret`, 'outside');
    await mkdir(`${shop.folder}/public/b`, { recursive: true });
    await writeFile(`${shop.folder}/public/.hidden`, 'hidden');
    await symlink('../../secret', `${shop.folder}/public/b/.link`);
    for (const path of [
      '../secret',
      '../../../secret',
      'b/../../secret',
      '%2e%2e/secret',
      '..%2fsecret',
      'b/..%2f..%2fsecret',
      'b/%2e%2e/%2e%2e/secret',
      '.hidden',
      '%2ehidden',
      '.lock',
      'b/.link',
      'b',
      'b/',
      '',
      'b//x',
      'b\\x',
      'channel.json%00',
      '%E0%A4%A',
    ]) {
      const status = await statusOf(folder, path);
      // What a URL makes of dots by itself is another path, which may want a token.
      expect([path, [400, 401, 404].includes(status)]).toEqual([path, true]);
    }
  });

  it('may be read by pages of the origins that are named', async () => {
    const database = await open();
    const named = await startReleases(database, { serve: { origins: ['https://app.example'] } });
    await named.publish();
    const allowed = async (folder: string, origin: string) =>
      (await fetch(`${folder}channel.json`, { headers: { origin } })).headers;
    expect(Object.fromEntries(await allowed(named.folder, 'https://app.example'))).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      vary: 'origin',
    });
    const other = await allowed(named.folder, 'https://other.example');
    expect(other.get('access-control-allow-origin')).toBeNull();
    // A client looks for the next root, and must be able to see that there is none.
    const missing = await fetch(`${named.folder}root.2.json`, {
      headers: { origin: 'https://app.example' },
    });
    expect([missing.status, missing.headers.get('access-control-allow-origin')]).toEqual([
      404,
      'https://app.example',
    ]);
    const any = await startReleases(database, { serve: { origins: '*' } });
    await any.publish();
    const headers = await allowed(any.folder, 'https://other.example');
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });
});

describeOnOneDatabase('news of a release', ({ open }) => {
  it('is told at once, and once', async () => {
    const { url, publish, serving, shop } = await startReleases(await open());
    await serving.start();
    const events = await listen(`${url}/v1/releases/guide/events`);
    expect(events.response.headers.get('content-type')).toBe('text/event-stream');
    expect(events.response.headers.get('cache-control')).toBe('no-cache');
    await events.until(/retry: \d+/);
    await publish();
    const started = performance.now();
    await events.until(
      /event: release\ndata: \{"version":1,"sequence":1,"spreadMs":10\}\nid: 1\n\n/,
      5_000,
    );
    expect(performance.now() - started).toBeLessThan(1_000);
    await publish('Two.', { rollout: 1_000 });
    await events.until(/"version":2,"sequence":2/);
    await promote(await shop.publisher());
    await events.until(/id: 3\n/);
    expect(events.text().match(/event: release/g)).toHaveLength(3);
  });

  it('is told to who comes later, unless it knows', async () => {
    const { url, publish, serving } = await startReleases(await open());
    await publish();
    await serving.start();
    const address = `${url}/v1/releases/guide/events`;
    await (await listen(address)).until(/id: 1\n/);
    await (await listen(`${address}?after=7`)).until(/id: 1\n/);
    for (const knows of [
      await listen(`${address}?after=1`),
      await listen(address, { 'last-event-id': '1' }),
    ]) {
      await knows.until(/^:$/m);
      expect(knows.text()).not.toContain('event');
    }
    expect((await fetch(`${address}?after=x`)).status).toBe(400);
    expect((await fetch(`${url}/v1/releases/hidden/events`)).status).toBe(404);
    expect((await fetch(address, { method: 'HEAD' })).status).toBe(200);
  });

  it('shows that it lives, takes so many and no more, and ends with the server', async () => {
    const { url, publish, serving, server, ask } = await startReleases(await open(), {
      handler: { events: { connections: 20, heartbeatMs: 10 } },
    });
    await publish();
    await serving.start();
    const address = `${url}/v1/releases/guide/events`;
    const from = (network: number) => ({ 'x-from': `198.51.${network}.1` });
    const first = await listen(`${address}?after=1`, from(1));
    await first.until(/(^:\n\n){3}/m);
    const second = await listen(address, from(1));
    const third = await fetch(address, { headers: from(1) });
    expect([second.response.status, third.status, third.headers.get('retry-after')]).toEqual([
      200,
      503,
      '60',
    ]);
    const others = await Promise.all(
      Array.from({ length: 18 }, (_, i) => listen(address, from(2 + i))),
    );
    expect(new Set(others.map(({ response }) => response.status))).toEqual(new Set([200]));
    expect((await fetch(address, { headers: from(100) })).status).toBe(503);
    first.leave();
    const stillOpen = async () =>
      ((await (await ask('/v1/releases/guide')).json()) as { open: number }).open;
    await eventually('the end of one', async () => ((await stillOpen()) === 19 ? true : undefined));
    for (let i = 0; i < 60; i++) await rushBy(url, '/v1/releases/guide/events', i % 4);
    await eventually('nobody else', async () => ((await stillOpen()) === 19 ? true : undefined));
    const started = performance.now();
    await server.close();
    await Promise.all([second.ended, ...others.map(({ ended }) => ended)]);
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});

describeEachDatabase('two servers on one database', (databases) => {
  it('look at once when one of them is told to', async () => {
    const place = await databases.create();
    const database = await place.open();
    // An embedded database is one program's, so there both are in it.
    const other = databases.kind === 'embedded' ? database : await place.open();
    const serve = { pollSeconds: 3_600 };
    const one = await startReleases(database, { serve, isWatched: false });
    const two = await startReleases(other, { serve, isWatched: false, shop: one.shop });
    await one.publish();
    await Promise.all([one.serving.start(), two.serving.start()]);
    const events = await listen(`${two.url}/v1/releases/guide/events`);
    await events.until(/"sequence":1/);
    await one.publish();
    const look = await one.ask('/v1/releases/guide/look', { method: 'POST' });
    expect([look.status, await look.json()]).toMatchObject([200, { offered: { current: 2 } }]);
    await events.until(/"sequence":2/);
    const unasked = await fetch(`${one.url}/v1/releases/guide/look`, { method: 'POST' });
    expect(unasked.status).toBe(401);
  });
});
