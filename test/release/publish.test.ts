/** What is published is what clients accept, and nothing of it is seen before all of it is there. */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isInRollout, rolloutBucket } from '../../src/format/index.ts';
import {
  halt,
  promote,
  publishDraft,
  readPublished,
  renew,
  renewIfDue,
  readOwn,
  setRollout,
  yank,
} from '../../src/release/index.ts';
import { type ClientState, DAY_MS, openWorkshop, readAsClient, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(async () => {
  shop = await openWorkshop();
});
afterEach(async () => await shop[Symbol.asyncDispose]());

const asClient = (state?: ClientState) => readAsClient(shop.target, shop.anchor, shop.now, state);

it('a first release and a second one, by delta; the target knows what it holds', async () => {
  const publisher = await shop.publisher();
  expect(await publishDraft(publisher, await shop.draft('one'))).toMatchObject({
    outcome: 'published',
    sequence: 1,
    version: '2026.11.21-1',
    channel: { version: 1, channel: 'stable', product: 'guide', expires: '2026-11-24T12:00:00Z' },
  });
  const state: ClientState = {};
  expect(await asClient(state)).toBe('one');
  const second = await shop.draft('two', { from: 'one' });
  const notes = { version: '2.0', notes: 'Better.' };
  expect(await publishDraft(publisher, second, notes)).toMatchObject({ sequence: 2 });
  expect(await asClient(state)).toBe('two');
  expect(await asClient()).toBe('two');
  const published = await readPublished(shop.target, { anchor: shop.anchor });
  expect(published).toMatchObject({
    current: { manifest: { version: '2.0', notes: 'Better.' }, rootVersion: 1 },
    highestSequence: 2,
    problems: [],
  });
  expect(published.recent.map(({ sequence }) => sequence)).toEqual([2, 1]);
  expect(await published.recent[1]?.load()).toHaveLength(published.recent[1]?.bytes ?? 0);
});

it('the same content again publishes nothing, and signs the channel in its second half only', async () => {
  const publisher = await shop.publisher();
  await publishDraft(publisher, await shop.draft('one'));
  const before = await shop.target.get('channel.json');
  expect(await publishDraft(publisher, await shop.draft('one'))).toMatchObject({
    outcome: 'unchanged',
    sequence: 1,
  });
  expect(await shop.target.get('channel.json')).toEqual(before);
  shop.now += 2 * DAY_MS;
  expect(await publishDraft(publisher, await shop.draft('one'))).toMatchObject({
    outcome: 'renewed',
    sequence: 1,
    channel: { version: 2, expires: '2026-11-26T12:00:00Z' },
  });
  const forced = { isForced: true };
  expect(await publishDraft(publisher, await shop.draft('one'), forced)).toMatchObject({
    outcome: 'published',
    sequence: 2,
  });
});

it('an expired channel is renewed, and clients that kept what they had go on', async () => {
  const publisher = await shop.publisher();
  await publishDraft(publisher, await shop.draft('one'));
  const state: ClientState = {};
  await asClient(state);
  shop.now += 10 * DAY_MS;
  expect(await asClient(state)).toBe('channel: expired');
  expect(await renew(publisher)).toMatchObject({ version: 2 });
  expect(await asClient(state)).toBe('one');
  expect(await renewIfDue(publisher, await readOwn(publisher))).toBeUndefined();
});

it('rolls out in steps with one salt, halts, and ends', async () => {
  const publisher = await shop.publisher();
  await publishDraft(publisher, await shop.draft('one'));
  const published = await publishDraft(publisher, await shop.draft('two'), { rollout: 2_500 });
  const salt = published.channel.candidate?.salt ?? '';
  expect(published.channel).toMatchObject({
    current: { sequence: 1 },
    candidate: { sequence: 2, rollout: 2_500 },
  });
  expect(await asClient()).toBe('one');
  const wider = await setRollout(publisher, 6_000, 2);
  expect(wider.candidate).toMatchObject({ sequence: 2, rollout: 6_000, salt });
  const bucket = await rolloutBucket(salt, 'somebody');
  expect(isInRollout(bucket, 10_000)).toBe(true);
  await expect(setRollout(publisher, 6_000, 1)).rejects.toMatchObject({ fault: 'nothing' });
  await expect(setRollout(publisher, 10_001)).rejects.toMatchObject({ isUsage: true });
  await expect(setRollout(publisher, 0.5)).rejects.toMatchObject({ isUsage: true });
  expect((await halt(publisher)).candidate).toMatchObject({ rollout: 0, salt });
  expect(await promote(publisher)).toMatchObject({ current: { sequence: 2 }, version: 5 });
  expect(await asClient()).toBe('two');
  await expect(promote(publisher)).rejects.toMatchObject({ fault: 'nothing' });
  const other = await publishDraft(publisher, await shop.draft('three'), { rollout: 100 });
  expect(other.channel.candidate?.salt).not.toBe(salt);
});

it('the first release is for everybody, and a channel stays one channel', async () => {
  const publisher = await shop.publisher();
  const rollout = publishDraft(publisher, await shop.draft('one'), { rollout: 100 });
  await expect(rollout).rejects.toMatchObject({ fault: 'refused', isUsage: true });
  await publishDraft(publisher, await shop.draft('one'));
  const other = publishDraft(publisher, await shop.draft('two'), { channel: 'beta' });
  await expect(other).rejects.toMatchObject({
    message: expect.stringContaining('holds the channel stable, not beta'),
  });
});

it('a yanked release is blocked, and who has it gets the older content under a new sequence', async () => {
  const publisher = await shop.publisher();
  await publishDraft(publisher, await shop.draft('one'));
  await publishDraft(publisher, await shop.draft('two', { from: 'one' }));
  const state: ClientState = {};
  expect(await asClient(state)).toBe('two');
  expect(await yank(publisher, 2)).toMatchObject({
    replacement: { from: 1, sequence: 3 },
    channel: { current: { sequence: 3 } },
  });
  expect(await asClient(state)).toBe('one');
  expect(state.sequence).toBe(3);
  const published = await readOwn(publisher);
  const yanked = published.releases.find(({ pointer }) => pointer.sequence === 2);
  expect(published.channel?.document.blocked).toEqual([
    yanked?.pointer.manifest.sha256,
    yanked?.manifest.index.sha256,
  ]);
  // Its bytes can't come back by mistake.
  const again = publishDraft(publisher, await shop.draft('two'));
  await expect(again).rejects.toMatchObject({
    fault: 'refused',
    message: expect.stringContaining('is blocked'),
  });
  await expect(yank(publisher, 9)).rejects.toMatchObject({ fault: 'nothing' });
});

it('yanks what is rolled out, and what was offered once', async () => {
  const publisher = await shop.publisher();
  await publishDraft(publisher, await shop.draft('one'));
  await publishDraft(publisher, await shop.draft('two'));
  await publishDraft(publisher, await shop.draft('three'), { rollout: 5_000 });
  const { channel, replacement } = await yank(publisher, 3);
  expect(replacement).toEqual({ from: 2, sequence: 4 });
  expect(channel.candidate).toBeUndefined();
  expect(await asClient()).toBe('two');
  const old = await yank(publisher, 1);
  expect(old.replacement).toBeUndefined();
  expect(old.channel).toMatchObject({ current: { sequence: 4 } });
  const alone = await openWorkshop();
  const only = await alone.publisher();
  await publishDraft(only, await alone.draft('one'));
  const before = await alone.target.get('channel.json');
  await expect(yank(only, 1)).rejects.toMatchObject({ fault: 'nothing' });
  expect(await alone.target.get('channel.json')).toEqual(before);
  await alone[Symbol.asyncDispose]();
});

it('files of fixed names follow the pointer, also back', async () => {
  const publisher = await shop.publisher();
  const names = ['kb-knowledge-index.json', 'kb-knowledge-version.json'];
  const fixed = (text: string) => ({
    fixed: Object.fromEntries(names.map((name) => [name, text])),
  });
  const shown = async () =>
    await Promise.all(names.map(async (name) => textOf(await shop.target.get(name))));
  await publishDraft(publisher, await shop.draft('one', fixed('1')));
  expect(await shown()).toEqual(['1', '1']);
  await publishDraft(publisher, await shop.draft('two', fixed('2')), { rollout: 100 });
  expect(await shown()).toEqual(['1', '1']);
  await promote(publisher);
  expect(await shown()).toEqual(['2', '2']);
  await yank(publisher, 2);
  expect(await shown()).toEqual(['1', '1']);
});

it('a draft that changed on disk is not published', async () => {
  const publisher = await shop.publisher();
  await publishDraft(publisher, await shop.draft('one'));
  const before = await shop.target.get('channel.json');
  const draft = await shop.draft('two', { from: 'one' });
  for (const file of draft.draft.files) {
    const at = path.join(draft.folder, file);
    const bytes = await readFile(at);
    await writeFile(at, bytes.subarray(0, bytes.length - 20));
    await expect(publishDraft(publisher, draft)).rejects.toMatchObject({ fault: 'draft' });
    await writeFile(at, bytes);
    // Node's unpacker ignores zeros behind the end of a gzip; a browser's does not.
    await appendFile(at, '\0');
    await expect(publishDraft(publisher, draft)).rejects.toMatchObject({ fault: 'draft' });
    await writeFile(at, bytes);
  }
  expect(await shop.target.get('channel.json')).toEqual(before);
  expect(await publishDraft(publisher, draft)).toMatchObject({ sequence: 2 });
});

it('a damaged manifest is mended by the next release, a lost pointer too', async () => {
  const publisher = await shop.publisher();
  await publishDraft(publisher, await shop.draft('one'));
  const state: ClientState = {};
  await asClient(state);
  await writeFile(path.join(shop.folder, 'public/releases/1.json'), '{}');
  expect(await readOwn(publisher)).toMatchObject({
    problems: [expect.stringContaining('releases/1.json')],
  });
  await expect(renew(publisher)).rejects.toMatchObject({ fault: 'published' });
  expect(await publishDraft(publisher, await shop.draft('one'))).toMatchObject({ sequence: 2 });
  expect(await asClient(state)).toBe('one');
  await shop.target.remove('channel.json');
  expect(await publishDraft(publisher, await shop.draft('two'))).toMatchObject({ sequence: 3 });
  expect(await asClient(state)).toBe('two');
  for (const { path: file } of await shop.target.list('releases')) await shop.target.remove(file);
  expect(await publishDraft(publisher, await shop.draft('two'))).toMatchObject({ sequence: 4 });
  expect(await asClient(state)).toBe('two');
});

it('what is no channel at all is said, and nothing is put beside it', async () => {
  const publisher = await shop.publisher();
  await publishDraft(publisher, await shop.draft('one'));
  const before = (await shop.target.list('')).length;
  for (const text of ['', '<html>', '{}', '{"signatures":[],"signed":{"issued":"x"}}']) {
    await writeFile(path.join(shop.folder, 'public/channel.json'), text);
    await expect(publishDraft(publisher, await shop.draft('two'))).rejects.toMatchObject({
      fault: 'published',
      message: expect.stringMatching(/channel\.json .* is refused: it can't be read/),
    });
  }
  expect(await shop.target.list('')).toHaveLength(before);
});

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}
