/** A release from the command: published while the service shows it, told to who listens, halted by the service, and looked at. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { ReportMessage } from '../../src/format/report.ts';
import { writeDraft } from '../../src/release/index.ts';
import { openWorkshop } from '../release/workshop.ts';
import { listen } from '../server/releases-fixture.ts';
import { commandFolder, type Folder } from '../setup/command.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';

const CONFIG = `import { defineConfig } from 'evervec';
export default defineConfig({
  sources: {},
  server: { addressHeader: 'x-from' },
  releases: {
    guide: {
      target: { type: 'folder', path: 'public/kb' },
      serve: { reports: { minimum: 5 } },
    },
  },
});
`;

async function draft(folder: Folder, text: string): Promise<void> {
  await using shop = await openWorkshop();
  const made = await shop.draft(text);
  const contents = new Map<string, Uint8Array>();
  for (const file of made.draft.files)
    contents.set(file, await readFile(path.join(made.folder, file)));
  const at = path.join(folder.path, '.evervec/releases/guide');
  await mkdir(path.dirname(at), { recursive: true });
  await writeDraft(at, made.draft, contents);
}

describeOnOneDatabase('evervec up with a release to serve', ({ create }) => {
  it('shows it, tells of it, halts it, and says so', async () => {
    const env = { DATABASE_URL: (await create()).location };
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', CONFIG);
    const run = async (...args: string[]) => {
      const outcome = await folder.run(['release', ...args], env);
      expect(outcome).toMatchObject({ code: 0 });
      return outcome.stdout;
    };
    await run('keys', 'new');
    await draft(folder, 'The first.');
    await run('publish', 'guide');
    const up = folder.start(['up', '--port', '0'], env);
    const [, url = ''] = await up.until(/is up: (http:\S+)/);
    const events = await listen(`${url}/v1/releases/guide/events`);
    await events.until(/"sequence":1/);
    expect((await fetch(`${url}/releases/guide/channel.json`)).status).toBe(200);

    await draft(folder, 'The second.');
    await run('publish', 'guide', '--rollout', '20');
    await events.until(/"sequence":2/);
    for (let n = 1; n <= 6; n++) {
      const message: ReportMessage = {
        client: '0.1.0',
        channel: 'stable',
        reports: [
          { kind: 'checked', sequence: 1 },
          { kind: 'failed', sequence: 2, stage: 'install', code: 'CANARY' },
        ],
      };
      const headers = { 'content-type': 'text/plain', 'x-from': `198.51.${n}.7` };
      const body = JSON.stringify(message);
      await fetch(`${url}/v1/releases/guide/reports`, { method: 'POST', headers, body });
    }
    await eventually('the halt', async () => {
      const response = await fetch(`${url}/v1/releases/guide`);
      const { offered } = (await response.json()) as {
        offered: { candidate: { rollout: number } };
      };
      return offered.candidate.rollout === 0 ? true : undefined;
    });
    await events.until(/"version":3/);
    const shown = await run('show', 'guide');
    expect(shown).toMatch(/health {4}6 checks in the last 24 hours: 100 % have release 1\n/);
    expect(shown).toContain(
      'release 2 failed at install with CANARY: 6 times, from about 6 networks',
    );
    expect(shown).toMatch(
      /roll-out of release 2 halted by the server on \S+: it failed from 6 of 6 networks/,
    );
    expect(JSON.parse(await run('show', 'guide', '--json'))).toMatchObject({
      health: { alerts: [{ sequence: 2, outcome: 'halted' }] },
    });
    const log = await folder.run(['queue', 'audit', '--json'], env);
    expect(JSON.parse(log.stdout)).toMatchObject({
      audit: expect.arrayContaining([expect.objectContaining({ actor: 'server', action: 'halt' })]),
    });
    up.kill('SIGINT');
    expect(await up.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('halted') });
    await events.ended;
    // What is published can be told without the database.
    const alone = await folder.run(['release', 'show', 'guide'], {
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
    });
    expect(alone).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('what clients report'),
    });
  });
});
