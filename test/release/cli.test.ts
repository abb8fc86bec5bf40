/** From keys to a release that was taken back, as a user types it; no database is opened on the way. */
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { folderTarget, writeDraft } from '../../src/release/index.ts';
import { commandFolder, type Folder, type Outcome } from '../setup/command.ts';
import { hasS3, S3_KEYS, startS3 } from './s3-server.ts';
import { openWorkshop, readAsClient, type Workshop } from './workshop.ts';

const CONFIG = `import { defineConfig } from 'evervec';
export default defineConfig({
  sources: {},
  releases: { guide: { source: 'documents', target: { type: 'folder', path: 'public/kb' } } },
});
`;
const OTHER = CONFIG.replace('guide:', 'other:');

let folder: Folder;
let shop: Workshop;
let secrets: string[];
let jobEnv: Record<string, string> = {};
beforeAll(async () => {
  folder = await commandFolder();
  shop = await openWorkshop();
  await folder.write('evervec.config.ts', CONFIG);
  await folder.run(['release', 'keys', 'new']);
  secrets = await Promise.all(
    ['root', 'release', 'channel'].map(async (role) =>
      (await readFile(path.join(folder.path, `release-keys/${role}.1.secret`), 'utf8')).trim(),
    ),
  );
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await shop[Symbol.asyncDispose]();
});

/** Runs it, and looks that no secret is said. */
async function run(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  const outcome = await folder.run(['release', ...args], env);
  for (const secret of secrets) {
    expect(outcome.stdout).not.toContain(secret.slice(-40));
    expect(outcome.stderr).not.toContain(secret.slice(-40));
  }
  return outcome;
}

async function json(args: string[], env: Record<string, string> = {}) {
  const outcome = await run([...args, '--json'], env);
  expect(outcome).toMatchObject({ code: 0 });
  return JSON.parse(outcome.stdout);
}

/** Where `release build` leaves it. */
async function draft(text: string, from?: string): Promise<void> {
  const made = await shop.draft(text, from === undefined ? {} : { from });
  const contents = new Map<string, Uint8Array>();
  for (const file of made.draft.files)
    contents.set(file, await readFile(path.join(made.folder, file)));
  const at = path.join(folder.path, '.evervec/releases/guide');
  await mkdir(path.dirname(at), { recursive: true });
  await writeDraft(at, made.draft, contents);
}

async function asClient(): Promise<string> {
  const trust = await readFile(path.join(folder.path, 'release-keys/trust.json'), 'utf8');
  const target = folderTarget(path.join(folder.path, 'public/kb'));
  return await readAsClient(target, JSON.parse(trust), Date.now());
}

it('keys: what an app pins is printed, a secret never, and nothing is replaced', async () => {
  const names = await readdir(path.join(folder.path, 'release-keys'));
  expect(names).toContain('root.1.json');
  const { mode } = await stat(path.join(folder.path, 'release-keys/root.1.secret'));
  expect(mode & 0o777).toBe(0o600);
  const again = await run(['keys', 'new']);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('rotate') });
  const shown = await json(['keys', 'show']);
  const trust = await readFile(path.join(folder.path, 'release-keys/trust.json'), 'utf8');
  expect(shown).toMatchObject({ product: 'guide', version: 1, rootKeys: JSON.parse(trust) });
  expect(shown.keys.map((key: { is_here: boolean }) => key.is_here)).toEqual([true, true, true]);
  expect((await run(['keys', 'show'])).stdout).toContain('export const rootKeys = {');
});

it('publishes, rolls out, halts, widens, promotes, lists, shows, takes back', async () => {
  expect(await run(['publish', 'guide'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('evervec release build'),
  });
  expect((await run(['list', 'guide'])).stdout).toContain('nothing is published');
  await draft('one');
  expect(
    await json(['publish', 'guide', '--release-version', '1.0', '--notes', 'First.']),
  ).toMatchObject({
    release: 'guide',
    target: 'folder public/kb',
    outcome: 'published',
    sequence: 1,
    version: '1.0',
  });
  expect(await asClient()).toBe('one');
  await draft('two', 'one');
  expect((await run(['publish', 'guide', '--rollout', '25'])).stdout).toContain('25 % of clients');
  expect(await json(['halt', 'guide'])).toMatchObject({ channel: { candidate: { rollout: 0 } } });
  expect(await json(['promote', 'guide', '--rollout', '12.5%'])).toMatchObject({
    channel: { candidate: { rollout: 1_250 } },
  });
  expect(await asClient()).toBe('one');
  expect(await run(['promote', 'guide', '--rollout', '101'])).toMatchObject({ code: 2 });
  expect(await json(['promote', 'guide'])).toMatchObject({ channel: { current: { sequence: 2 } } });
  expect(await asClient()).toBe('two');
  const listed = await json(['list', 'guide']);
  expect(listed).toMatchObject({ verified: true, problems: [] });
  expect(listed.releases).toMatchObject([
    { sequence: 2, state: 'current', deltas: 1 },
    { sequence: 1, version: '1.0', state: 'older', deltas: 0 },
  ]);
  expect(await json(['show', 'guide', '1'])).toMatchObject({
    state: 'older',
    manifest: { notes: 'First.' },
  });
  expect((await run(['show', 'guide'])).stdout).toMatch(/release 2, current/);
  // Nobody is there to ask.
  expect(await run(['yank', 'guide', '2'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--yes'),
  });
  expect(await asClient()).toBe('two');
  expect((await run(['yank', 'guide', '2', '--yes'])).stdout).toContain(
    'release 3 has the content of 1',
  );
  expect(await asClient()).toBe('one');
  expect((await run(['list', 'guide'])).stdout).toMatch(/2 .*blocked/);
  expect((await run(['prune', 'guide', '--dry-run'])).stdout).toContain('0 files');
});

it('a new release key, by a root that is kept elsewhere; the old one is refused from then on', async () => {
  const root = path.join(folder.path, 'release-keys/root.1.secret');
  const offline = path.join(folder.path, 'offline.secret');
  await rename(root, offline);
  expect(await run(['keys', 'rotate', 'release'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--root-key'),
  });
  const rotated = await run(['keys', 'rotate', 'release', 'guide', '--root-key', offline]);
  expect(rotated).toMatchObject({ code: 0, stdout: expect.stringContaining('root.2.json') });
  expect(await asClient()).toBe('one');
  await draft('three');
  const [, old = ''] = secrets;
  expect(await run(['publish', 'guide'], { EVERVEC_RELEASE_KEY: old })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      'EVERVEC_RELEASE_KEY has no release key that root.2.json names',
    ),
  });
  expect(await asClient()).toBe('one');
});

it('in a job the secrets come from the environment, and the folder has none', async () => {
  const at = path.join(folder.path, 'release-keys');
  const taken = async (name: string) => {
    const text = await readFile(path.join(at, name), 'utf8');
    await rm(path.join(at, name));
    return text;
  };
  const env = (jobEnv = {
    EVERVEC_RELEASE_KEY: await taken('release.2.secret'),
    EVERVEC_CHANNEL_KEY: await taken('channel.1.secret'),
  });
  expect(await run(['publish', 'guide'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('has no release key that root.2.json names'),
  });
  expect(await json(['publish', 'guide'], env)).toMatchObject({
    outcome: 'published',
    sequence: 4,
  });
  expect(await asClient()).toBe('three');
  // What a build found unchanged has no draft.
  await rm(path.join(folder.path, '.evervec/releases/guide'), { recursive: true });
  expect(await json(['publish', 'guide'], env)).toMatchObject({
    outcome: 'unchanged',
    sequence: 4,
  });
  expect(await json(['renew', 'guide', '--valid-days', '30'], env)).toMatchObject({
    release: 'guide',
  });
  await folder.write('other.config.ts', OTHER);
  expect(await run(['renew', 'other', '--config', 'other.config.ts'], env)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('are of guide, and the release other is of other'),
  });
});

it.runIf(hasS3)('to a bucket, with access keys from the environment alone', async () => {
  const env = jobEnv;
  await draft('four');
  await using server = await startS3({ conditions: 'kept' });
  const bucket = {
    ...env,
    AWS_ACCESS_KEY_ID: S3_KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_KEYS.secretAccessKey,
    AWS_ENDPOINT_URL_S3: server.endpoint,
  };
  const target = ['--target', 's3://kb/guide'];
  expect(await json(['publish', 'guide', ...target], bucket)).toMatchObject({
    target: 's3 kb/guide',
    sequence: 1,
  });
  expect(await json(['list', 'guide', ...target], bucket)).toMatchObject({
    releases: [{ sequence: 1, state: 'current' }],
  });
  expect(await run(['list', 'guide', ...target], env)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('AWS_ACCESS_KEY_ID'),
  });
});
