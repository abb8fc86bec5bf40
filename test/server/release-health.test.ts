/** What clients report: what is counted of it, what is refused, and a roll-out that is halted by it. */
import { expect, it } from 'vitest';
import type { ReportEntry } from '../../src/format/report.ts';
import { promote, publishDraft, setRollout } from '../../src/release/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { DAY_MS } from '../release/workshop.ts';
import { startReleases } from './releases-fixture.ts';

const FAILED: ReportEntry = { kind: 'failed', sequence: 2, stage: 'install', code: 'CANARY' };
const INSTALLED: ReportEntry = { kind: 'installed', sequence: 2 };
const network = (n: number) => ({ from: `198.51.${n}.9` });

describeEachDatabase('reports', ({ open }) => {
  it('are counted by release, and nothing is kept of who sent them', async () => {
    const database = await open();
    const { publish, serving, report, ask } = await startReleases(database, {
      serve: { reports: true },
    });
    await publish();
    await publish('Two.', { rollout: 5_000 });
    await serving.start();
    const twice: ReportEntry = { kind: 'checked', sequence: 1 };
    expect((await report([twice, twice, { kind: 'checked', sequence: 0 }])).status).toBe(204);
    await report([
      { kind: 'checked', sequence: 2 },
      INSTALLED,
      { kind: 'downloaded', sequence: 2, bytes: 1_234 },
    ]);
    await report([FAILED], network(1));
    await report([FAILED, { kind: 'rolledBack', sequence: 2, why: 'search' }], {
      from: '198.51.1.77',
    });
    await report([FAILED], { from: '2001:db8:1:2::5' });
    await report([{ kind: 'checked', sequence: 1 }], {
      from: '2001:db8:1:3::5',
      'content-type': 'application/json',
    });
    await serving.look();
    const answer = (await (await ask('/v1/releases/guide')).json()) as {
      health: Record<string, unknown>;
    };
    expect(answer).toMatchObject({
      name: 'guide',
      url: '/releases/guide/',
      offered: { current: 1, candidate: { sequence: 2, rollout: 5_000 } },
      health: {
        adoption: [
          { sequence: 2, checks: 1, share: 0.25 },
          { sequence: 1, checks: 2, share: 0.5 },
          { sequence: 0, checks: 1, share: 0.25 },
        ],
        releases: [
          {
            sequence: 2,
            downloaded: 1,
            downloaded_bytes: 1_234,
            installed: 1,
            failed: 3,
            rolled_back: 1,
          },
        ],
        failures: [
          {
            sequence: 2,
            kind: 'failed',
            stage: 'install',
            code: 'CANARY',
            reports: 3,
            networks: 2,
          },
          { sequence: 2, kind: 'rolledBack', stage: 'search', reports: 1, networks: 1 },
        ],
        alerts: [],
      },
    });
    const { rows } = await database.query('select * from evervec.release_reports');
    expect(JSON.stringify(rows)).not.toMatch(/198\.51|203\.0|2001|db8/);
    const list = (await (await ask('/v1/releases')).json()) as { releases: { name: string }[] };
    expect(list.releases.map(({ name }) => name)).toEqual(['guide']);
  });

  it('are refused where they are none, too many, or from pages of others', async () => {
    const database = await open();
    const { publish, serving, report, url, ask } = await startReleases(database, {
      serve: { reports: true, origins: ['https://app.example'] },
    });
    await publish();
    await serving.start();
    const one: ReportEntry = { kind: 'checked', sequence: 1 };
    const status = async (entry: unknown, n: number, headers = {}) =>
      (await report([entry as ReportEntry], { ...network(n), ...headers })).status;
    for (const [at, wrong] of [
      { kind: 'checked' },
      { kind: 'checked', sequence: 2 },
      { kind: 'checked', sequence: -1 },
      { kind: 'checked', sequence: 1.5 },
      { kind: 'checked', sequence: 1, install: 'a' },
      { kind: 'seen', sequence: 1 },
      { ...FAILED, sequence: 1, stage: 'lunch' },
      { ...FAILED, sequence: 1, code: 'a'.repeat(30) },
      null,
    ].entries())
      expect([wrong, await status(wrong, at)]).toEqual([wrong, 400]);
    expect((await report([one], {}, 'beta')).status).toBe(400);
    expect((await report([])).status).toBe(400);
    expect((await report(Array.from({ length: 33 }, () => one))).status).toBe(400);
    expect(await status({ kind: 'x'.repeat(9_000) }, 30)).toBe(413);
    expect(await status(one, 31, { origin: 'https://evil.example' })).toBe(403);
    expect(await status(one, 31, { origin: 'null' })).toBe(403);
    expect(await status(one, 31, { origin: 'https://app.example' })).toBe(204);
    expect(await status(one, 31, { origin: url })).toBe(204);
    const many = await Promise.all(Array.from({ length: 40 }, () => report([one], network(40))));
    expect(many.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(9);
    expect(many.find(({ status }) => status === 429)?.headers.get('retry-after')).toMatch(/^\d+$/);
    const hidden = await fetch(`${url}/v1/releases/hidden/reports`, { method: 'POST', body: '{}' });
    expect([hidden.status, (await fetch(`${url}/v1/releases/guide`)).status]).toEqual([404, 401]);
    await serving.look();
    const { health } = (await (await ask('/v1/releases/guide')).json()) as {
      health: { adoption: { checks: number }[] };
    };
    expect(health.adoption).toMatchObject([
      { checks: 2 + many.filter(({ status }) => status === 204).length },
    ]);
  });
});

describeEachDatabase('a roll-out that fails', ({ open }) => {
  const RULE = { minimum: 5, share: 0.5 };

  it('is halted, once, and its release never taken back', async () => {
    const database = await open();
    const started = await startReleases(database, { serve: { reports: RULE } });
    const { publish, serving, report, shop, ask, evervec } = started;
    await publish();
    const publisher = { ...(await shop.publisher()), lifetimeMs: 30 * DAY_MS };
    await publishDraft(publisher, await shop.draft('Two.'), { rollout: 5_000 });
    await serving.start();
    const rollout = () => serving.find('guide')?.watch.channel?.candidate?.rollout;
    // One network says it a hundred times; four say it once; and where it could be installed after all, it does not fail.
    for (let time = 0; time < 25; time++) await report([FAILED], network(1));
    for (const n of [2, 3, 4]) await report([FAILED], network(n));
    for (const n of [11, 12]) await report([FAILED, INSTALLED], network(n));
    await report([{ ...FAILED, code: 'QUOTA' }], network(20));
    await report([{ ...FAILED, stage: 'check' }], network(21));
    await report([{ kind: 'rolledBack', sequence: 2, why: 'asked' }], network(22));
    await serving.look();
    expect(rollout()).toBe(5_000);
    await report([{ kind: 'rolledBack', sequence: 2, why: 'opening' }], network(5));
    await serving.look();
    expect(rollout()).toBe(0);
    expect(serving.find('guide')?.watch.channel).toMatchObject({
      current: { sequence: 1 },
      blocked: [],
    });
    const { issued = '', expires = '' } = serving.find('guide')?.watch.channel ?? {};
    expect(Date.parse(expires) - Date.parse(issued)).toBe(30 * DAY_MS);
    const { health } = (await (await ask('/v1/releases/guide')).json()) as { health: unknown };
    expect(health).toMatchObject({
      alerts: [{ sequence: 2, failing: 5, tried: 7, outcome: 'halted' }],
    });
    expect(await evervec.queue.audit({ limit: 5 })).toMatchObject([
      {
        actor: 'server',
        action: 'halt',
        target: 'release guide',
        detail: { sequence: 2, failing: 5 },
      },
    ]);
    // An operator who goes on all the same is left alone.
    await setRollout(await shop.publisher(), 6_000);
    await database.query("update evervec.release_alerts set at = now() - interval '1 hour'");
    await serving.find('guide')?.watch.look();
    await serving.look();
    expect(rollout()).toBe(6_000);
    // A halt that was begun by a server that died is another one's.
    await database.query('update evervec.release_alerts set outcome = null');
    await serving.look();
    expect(rollout()).toBe(0);
    await promote(await shop.publisher());
  });

  it('is told of where there is no key to halt it with, or that is not wanted', async () => {
    const database = await open();
    for (const [serve, reason] of [
      [{ reports: RULE, keys: 'no/such/folder' }, 'no keys'],
      [{ reports: { ...RULE, halt: false } }, 'switched off'],
    ] as const) {
      await database.query('truncate evervec.release_reports, evervec.release_alerts');
      const { publish, serving, report, evervec, warnings } = await startReleases(database, {
        serve,
      });
      await publish();
      await publish('Two.', { rollout: 5_000 });
      await serving.start();
      for (let n = 1; n <= 6; n++) await report([FAILED], network(n));
      await serving.look();
      await serving.look();
      expect(serving.find('guide')?.watch.channel?.candidate?.rollout).toBe(5_000);
      expect((await evervec.releases.health('guide', 'stable')).alerts).toMatchObject([
        { sequence: 2, outcome: 'alert', reason: expect.stringContaining(reason) },
      ]);
      expect(warnings).toMatchObject([{ release: 'guide', sequence: 2, networks: 6, tried: 6 }]);
    }
  });

  it('is not halted by fewer than it takes, nor by a small share', async () => {
    const { publish, serving, report } = await startReleases(await open(), {
      serve: { reports: RULE },
    });
    await publish();
    await publish('Two.', { rollout: 5_000 });
    await serving.start();
    for (let n = 1; n <= 4; n++) await report([FAILED], network(n));
    await serving.look();
    for (let n = 5; n <= 9; n++) await report([FAILED], network(n));
    for (let n = 20; n <= 32; n++) await report([INSTALLED], network(n));
    await serving.look();
    expect(serving.find('guide')?.watch.channel?.candidate?.rollout).toBe(5_000);
  });
});
