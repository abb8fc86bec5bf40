/** A publisher that dies, a bucket that refuses, a disk that is full, two at once: clients see the release before or the new one, and the next run goes on. */
import { rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  folderTarget,
  promote,
  publishDraft,
  type ReleaseTarget,
  renew,
  rotateKeys,
  s3Target,
  yank,
} from '../../src/release/index.ts';
import { mountSmallDisk } from '../setup/small-disk.ts';
import { hasS3, S3_KEYS, startS3 } from './s3-server.ts';
import { type ClientState, DAY_MS, openWorkshop, readAsClient, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(async () => {
  shop = await openWorkshop();
});
afterEach(async () => await shop[Symbol.asyncDispose]());

class Killed extends Error {}

/** Dies after the n-th call that writes, before it hears that it was done; for 0 before the first. */
function dying(target: ReleaseTarget, at: number): ReleaseTarget {
  let calls = 0;
  const once =
    <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      if (calls++ >= at) throw new Killed();
      const done = await work(...args);
      if (calls === at) throw new Killed();
      return done;
    };
  return {
    ...target,
    put: once(target.put),
    switchPointer: once(target.switchPointer),
    remove: once(target.remove),
  };
}

const FIXED = (text: string) => ({ fixed: { 'kb-version.json': text } });

type Act = (target: ReleaseTarget) => Promise<unknown>;

/** Two releases are there, the second by halves for what is promoted. */
const ACTS: [name: string, act: () => Promise<Act>, after: string][] = [
  [
    'publish',
    async () => {
      const draft = await shop.draft('three', { from: 'two', ...FIXED('3') });
      return async (target) => await publishDraft(await shop.publisher(target), draft);
    },
    'three',
  ],
  ['promote', async () => async (target) => await promote(await shop.publisher(target)), 'two'],
  ['yank', async () => async (target) => await yank(await shop.publisher(target), 2), 'one'],
  [
    'renew after the release key was replaced',
    async () => {
      await rotateKeys({ folder: shop.keys, role: 'release', expires: shop.now + 300 * DAY_MS });
      return async (target) => await renew(await shop.publisher(target));
    },
    'one',
  ],
];

describe.each(ACTS)('%s', (name, prepare, after) => {
  it('killed at any step', { timeout: 60_000 }, async () => {
    const publisher = await shop.publisher();
    await publishDraft(publisher, await shop.draft('one', FIXED('1')));
    const base: ClientState = {};
    expect(await readAsClient(shop.target, shop.anchor, shop.now, base)).toBe('one');
    const second = await shop.draft('two', { from: 'one', ...FIXED('2') });
    await publishDraft(publisher, second, { rollout: 5_000 });
    const act = await prepare();
    let isDead = true;
    let steps = 0;
    for (; isDead; steps++) {
      const folder = path.join(shop.folder, `after${steps}`);
      await cp(path.join(shop.folder, 'public'), folder, { recursive: true });
      const place = folderTarget(folder);
      const state = { ...base };
      const read = async () => await readAsClient(place, shop.anchor, shop.now, state);
      isDead = await act(dying(place, steps)).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return true;
        },
      );
      // Between a new root and what is signed for it clients keep what they have.
      expect(['one', after, 'manifest: too-few-signatures']).toContain(await read());
      const isOnce = name === 'promote' || name === 'yank';
      // What is done already can't be done again, which is said.
      await act(place).catch((error: unknown) => {
        if (!isOnce) throw error;
        expect(error).toMatchObject({ fault: 'nothing' });
      });
      if (isOnce) await renew(await shop.publisher(place));
      expect(await read()).toBe(after);
      const shown = new TextDecoder().decode(await place.get('kb-version.json'));
      expect(shown).toBe({ one: '1', two: '2', three: '3' }[after]);
    }
    expect(steps).toBeGreaterThan(3);
  });
});

it('of two publishers at once one wins, and the other hears of it and can go on', async () => {
  const publisher = await shop.publisher();
  await publishDraft(publisher, await shop.draft('one'));
  const drafts = [await shop.draft('two'), await shop.draft('three'), await shop.draft('four')];
  const outcomes = await Promise.allSettled(
    drafts.map(async (draft) => await publishDraft(await shop.publisher(), draft)),
  );
  const won = outcomes.filter(({ status }) => status === 'fulfilled');
  expect(won).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected')
      expect(outcome.reason).toMatchObject({ code: 'EVERVEC_RELEASE_CONFLICT', isRetryable: true });
  const state: ClientState = {};
  const texts = ['two', 'three', 'four'];
  const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
  const read = async () => await readAsClient(shop.target, shop.anchor, shop.now, state);
  expect(await read()).toBe(texts[winner]);
  const loser = drafts[(winner + 1) % 3];
  if (loser !== undefined) await publishDraft(publisher, loser);
  expect(await read()).toBe(texts[(winner + 1) % 3]);
});

describe.runIf(hasS3)('a bucket', () => {
  it.each(['GET', 'HEAD', 'PUT'])('that refuses to %s leaves the pointer', async (method) => {
    await using server = await startS3({ conditions: 'kept' });
    const target = s3Target({ type: 's3', bucket: 'kb', endpoint: server.endpoint }, S3_KEYS);
    const publisher = await shop.publisher(target);
    const read = async () => await readAsClient(target, shop.anchor, shop.now);
    await publishDraft(publisher, await shop.draft('one'));
    const draft = await shop.draft('two', { from: 'one' });
    server.refuse(method, 403);
    await expect(publishDraft(publisher, draft)).rejects.toMatchObject({
      code: 'EVERVEC_RELEASE_TARGET',
      remedy: expect.stringContaining('access key'),
    });
    server.refuse(method, undefined);
    expect(await read()).toBe('one');
    await publishDraft(publisher, draft);
    expect(await read()).toBe('two');
  });
});

const disk = mountSmallDisk();
afterAll(() => disk?.unmount());
describe.runIf(disk !== null)('a full disk', () => {
  it('leaves the pointer, whichever file no longer fits; the next run goes on', async () => {
    if (disk === null) return;
    const target = folderTarget(path.join(disk.folder, 'public'));
    const publisher = await shop.publisher(target);
    const read = async () => await readAsClient(target, shop.anchor, shop.now);
    await publishDraft(publisher, await shop.draft('one'));
    const draft = await shop.draft('two', { from: 'one' });
    let refused = 0;
    for (let pages = 0; ; pages++) {
      disk.fill();
      for (let page = 0; page < pages; page++) rmSync(path.join(disk.folder, `../filler${page}`));
      const error = await publishDraft(publisher, draft).then(
        () => undefined,
        (error: unknown) => error,
      );
      disk.free();
      if (error === undefined) break;
      refused++;
      expect(error).toMatchObject({
        code: 'EVERVEC_RELEASE_TARGET',
        remedy: expect.stringContaining('disk is full'),
      });
      expect(await read()).toBe('one');
    }
    expect(refused).toBeGreaterThan(1);
    expect(await read()).toBe('two');
  });
});
