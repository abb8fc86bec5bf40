/** Keys: made once, replaced by a chain that clients follow, never printed, and refused where they do not belong. */
import {
  copyFile,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EvervecError } from '../../src/errors/index.ts';
import { signDocument } from '../../src/format/index.ts';
import {
  createKeys,
  keysOf,
  parseSecrets,
  publishDraft,
  type Publisher,
  readOwn,
  readTrust,
  renew,
  rotateKeys,
  yank,
} from '../../src/release/index.ts';
import { type ClientState, DAY_MS, openWorkshop, readAsClient, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(async () => {
  shop = await openWorkshop();
});
afterEach(async () => await shop[Symbol.asyncDispose]());

const asClient = (state?: ClientState) => readAsClient(shop.target, shop.anchor, shop.now, state);
const inKeys = (name: string) => path.join(shop.keys, name);
const later = () => shop.now + 400 * DAY_MS;

it('secrets are for their owner alone, and are never replaced', async () => {
  expect((await readdir(shop.keys)).sort()).toEqual([
    '.gitignore',
    'channel.1.secret',
    'release.1.secret',
    'root.1.json',
    'root.1.secret',
    'trust.json',
  ]);
  for (const name of ['root', 'release', 'channel'])
    expect((await stat(inKeys(`${name}.1.secret`))).mode & 0o777).toBe(0o600);
  const before = await readFile(inKeys('root.1.secret'), 'utf8');
  const again = createKeys({ folder: shop.keys, product: 'guide', expires: later() });
  await expect(again).rejects.toMatchObject({ fault: 'exists', isUsage: true });
  expect(await readFile(inKeys('root.1.secret'), 'utf8')).toBe(before);
  const wrong = createKeys({ folder: inKeys('new'), product: 'No Name!', expires: later() });
  await expect(wrong).rejects.toMatchObject({ fault: 'refused', isUsage: true });
  expect(await readdir(shop.keys)).not.toContain('new');
});

it.each([['both', ['ed25519', 'ecdsa-p256']] as const, ['p256', ['ecdsa-p256']] as const])(
  'signs by %s',
  async (name, schemes) => {
    const folder = path.join(shop.folder, name);
    const anchor = await createKeys({ folder, product: 'guide', schemes, expires: later() });
    const trust = await readTrust(folder);
    const publisher = { ...(await shop.publisher()), trust, keys: keysOf(trust) };
    await publishDraft(publisher, await shop.draft('one'));
    expect(await readAsClient(shop.target, anchor, shop.now)).toBe('one');
    expect(await asClient()).toBe('root: too-few-signatures');
  },
);

it.each(['root', 'release', 'channel'] as const)(
  'the %s key is replaced while clients sleep, twice',
  async (role) => {
    await publishDraft(await shop.publisher(), await shop.draft('one'));
    const state: ClientState = {};
    expect(await asClient(state)).toBe('one');
    for (const version of [2, 3]) {
      await rotateKeys({ folder: shop.keys, role, expires: later() });
      const publisher = await shop.publisher();
      const { channel } = await readOwn(publisher);
      expect(channel?.rootVersion).toBe(role === 'channel' ? version - 1 : version);
      await renew(publisher);
    }
    expect(await asClient(state)).toBe('one');
    expect(await asClient()).toBe('one');
    const publisher = await shop.publisher();
    const { current, releases } = await readOwn(publisher);
    expect(current?.pointer.manifest.path).toBe(
      role === 'release' ? 'releases/1.3.json' : 'releases/1.json',
    );
    expect(releases).toHaveLength(1);
    await publishDraft(publisher, await shop.draft('two', { from: 'one' }));
    expect(await asClient(state)).toBe('two');
  },
);

it('a key that was replaced signs nothing any more, and its releases are not gone back to', async () => {
  const old = await shop.publisher();
  await publishDraft(old, await shop.draft('one'));
  await publishDraft(old, await shop.draft('two'));
  const stolen = await parseSecrets(await readFile(inKeys('release.1.secret'), 'utf8'), 'stolen');
  await rotateKeys({ folder: shop.keys, role: 'release', expires: later() });
  const publisher = await shop.publisher();
  const thief: Publisher = {
    ...publisher,
    keys: async (role, root) => (role === 'release' ? stolen : await publisher.keys(role, root)),
  };
  await expect(publishDraft(thief, await shop.draft('bad'))).rejects.toMatchObject({
    fault: 'refused',
  });
  expect(await asClient()).toBe('two');
  await renew(publisher);
  expect(await asClient()).toBe('two');
  await expect(yank(publisher, 2)).rejects.toMatchObject({ fault: 'nothing' });
  await expect(yank(publisher, 2, { to: 1 })).rejects.toMatchObject({
    message: expect.stringContaining('a key that was replaced'),
  });
});

it('a stolen channel key that set the number as high as it goes is outlived', async () => {
  const publisher = await shop.publisher();
  await publishDraft(publisher, await shop.draft('one'));
  const { channel } = await readOwn(publisher);
  const root = publisher.trust.roots[0];
  const high = { ...channel?.document, version: Number.MAX_SAFE_INTEGER };
  const bytes = await signDocument(high, await publisher.keys('channel', root));
  await shop.target.switchPointer('channel.json', bytes, channel?.bytes);
  const state: ClientState = {};
  await asClient(state);
  expect(state.floor?.version).toBe(Number.MAX_SAFE_INTEGER);
  await rotateKeys({ folder: shop.keys, role: 'channel', expires: later() });
  expect(await renew(await shop.publisher())).toMatchObject({ version: 1 });
  expect(await asClient(state)).toBe('one');
});

it('two of three must sign the next root, and the one after, each from a place of its own', async () => {
  const folder = path.join(shop.folder, 'three');
  const signers = { rootSigners: 3, rootThreshold: 2 };
  const anchor = await createKeys({ folder, product: 'guide', expires: later(), ...signers });
  expect(anchor.root).toMatchObject({ threshold: 2, signers: { length: 3 } });
  const elsewhere = async (name: string) => {
    await rename(path.join(folder, name), path.join(shop.folder, name));
    const text = await readFile(path.join(shop.folder, name), 'utf8');
    return await parseSecrets(text, name);
  };
  const first = await elsewhere('root.1.1.secret');
  const second = await elsewhere('root.1.2.secret');
  await elsewhere('root.1.3.secret');
  const rotate = async (rootKeys: typeof first, role: 'root' | null = null) =>
    await rotateKeys({ folder, role, expires: later(), rootKeys });
  await expect(rotate(first)).rejects.toMatchObject({
    fault: 'refused',
    message: expect.stringContaining(
      '1 of the signers that the root names have signed it, and 2 are needed',
    ),
  });
  expect(await rotate([...first, ...second])).toMatchObject({ version: 2 });
  const third = await rotate([...first, ...second], 'root');
  expect(third.roles.root).toMatchObject({ threshold: 2, signers: { length: 3 } });
  await expect(rotate([...first, ...second])).resolves.toMatchObject({ version: 4 });
  const too = { rootSigners: 1, rootThreshold: 2 };
  const wrong = createKeys({ folder: inKeys('wrong'), product: 'guide', expires: later(), ...too });
  await expect(wrong).rejects.toMatchObject({ fault: 'refused' });
});

it('a root that is newer on the target than in the folder counts', async () => {
  await publishDraft(await shop.publisher(), await shop.draft('one'));
  const older = path.join(shop.folder, 'older');
  await cp(shop.keys, older, { recursive: true });
  await rotateKeys({ folder: shop.keys, role: 'release', expires: later() });
  await renew(await shop.publisher());
  const trust = await readTrust(older);
  const behind = { ...(await shop.publisher()), trust, keys: keysOf(trust) };
  const publishing = publishDraft(behind, await shop.draft('two'));
  await expect(publishing).rejects.toMatchObject({
    fault: 'key',
    message: expect.stringContaining('that root.2.json names'),
  });
  const text = await readFile(inKeys('release.2.secret'), 'utf8');
  const keys = keysOf(trust, { release: { text, where: 'EVERVEC_RELEASE_KEY' } });
  await publishDraft({ ...behind, keys }, await shop.draft('two'));
  expect(await asClient()).toBe('two');
});

it('the root is kept elsewhere: it is asked for, and comes from there', async () => {
  const offline = path.join(shop.folder, 'offline.secret');
  await rename(inKeys('root.1.secret'), offline);
  const without = rotateKeys({ folder: shop.keys, role: 'release', expires: later() });
  await expect(without).rejects.toMatchObject({ fault: 'key', isUsage: true });
  expect(await readdir(shop.keys)).not.toContain('root.2.json');
  const rootKeys = await parseSecrets(await readFile(offline, 'utf8'), offline);
  const next = await rotateKeys({ folder: shop.keys, role: null, expires: later(), rootKeys });
  expect(next).toMatchObject({ version: 2, expires: '2027-12-26T12:00:00Z' });
});

it('an expired root publishes nothing until there is a next one', async () => {
  await publishDraft(await shop.publisher(), await shop.draft('one'));
  shop.now += 366 * DAY_MS;
  const before = await shop.target.get('channel.json');
  await expect(renew(await shop.publisher())).rejects.toMatchObject({ fault: 'expired' });
  const publishing = publishDraft(await shop.publisher(), await shop.draft('two'));
  await expect(publishing).rejects.toMatchObject({
    fault: 'expired',
    remedy: expect.stringContaining('keys renew'),
  });
  expect(await shop.target.get('channel.json')).toEqual(before);
  await rotateKeys({ folder: shop.keys, role: null, expires: later() });
  await renew(await shop.publisher());
  expect(await asClient()).toBe('one');
});

it('no key, another product’s, another role’s, a damaged one: each is said, and none is shown', async () => {
  const publisher = await shop.publisher();
  const draft = await shop.draft('one');
  const secret = (await readFile(inKeys('channel.1.secret'), 'utf8')).trim();
  const other = await openWorkshop();
  const foreign = await readFile(path.join(other.keys, 'release.1.secret'), 'utf8');
  await other[Symbol.asyncDispose]();
  const where = 'EVERVEC_RELEASE_KEY';
  const cases: [string, string][] = [
    [secret, 'is the channel key of this product, not the release key'],
    [foreign, 'has no release key that root.1.json names'],
    [secret.slice(0, -3), 'holds no secret key of a release, or a damaged one'],
    ['hunter2', 'holds no secret key of a release, or a damaged one'],
    [' ', 'There is no release key in EVERVEC_RELEASE_KEY'],
  ];
  for (const [text, message] of cases) {
    const keys = keysOf(publisher.trust, { release: { text, where } });
    const error = await publishDraft({ ...publisher, keys }, draft).catch(
      (error: unknown) => error,
    );
    expect(error).toMatchObject({ fault: 'key', message: expect.stringContaining(message) });
    if (!(error instanceof EvervecError)) throw error;
    for (const shown of [error.message, error.remedy, JSON.stringify(error)])
      expect(shown).not.toContain(secret.slice(40, 60));
  }
  await rm(inKeys('release.1.secret'));
  await expect(publishDraft(publisher, draft)).rejects.toMatchObject({ fault: 'key' });
  expect(await shop.target.list('')).toEqual([]);
});

it('keys of another product are kept from the target', async () => {
  await publishDraft(await shop.publisher(), await shop.draft('one'));
  const other = path.join(shop.folder, 'other');
  await createKeys({ folder: other, product: 'guide', expires: later() });
  const trust = await readTrust(other);
  const publisher = { ...(await shop.publisher()), trust, keys: keysOf(trust) };
  await expect(publishDraft(publisher, await shop.draft('two'))).rejects.toMatchObject({
    fault: 'published',
    message: expect.stringContaining('another than that of your keys'),
  });
  expect(await asClient()).toBe('one');
});

it('a folder of keys without its roots or its anchor is not believed', async () => {
  await expect(readTrust(inKeys('nowhere'))).rejects.toMatchObject({ fault: 'key', isUsage: true });
  const copy = path.join(shop.folder, 'copy');
  await mkdir(copy);
  await writeFile(path.join(copy, 'trust.json'), '{"product":"guide"}');
  await expect(readTrust(copy)).rejects.toMatchObject({ fault: 'key' });
  await writeFile(
    path.join(copy, 'trust.json'),
    '{"product":"guide","version":1,"root":{"signers":[7]}}',
  );
  await expect(readTrust(copy)).rejects.toMatchObject({ fault: 'key' });
  await copyFile(inKeys('trust.json'), path.join(copy, 'trust.json'));
  await expect(readTrust(copy)).rejects.toMatchObject({
    message: expect.stringContaining('root.1.json is missing'),
  });
  await writeFile(path.join(copy, 'root.1.json'), '{}');
  await expect(readTrust(copy)).rejects.toMatchObject({ fault: 'published' });
});
