/** Who watches a target hears of what is published, whatever the target is, and of nothing else. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChannelDocument } from '../../src/format/index.ts';
import {
  folderTarget,
  PointerWatch,
  promote,
  publishDraft,
  type ReleaseTarget,
  s3Target,
} from '../../src/release/index.ts';
import { eventually } from '../setup/signal.ts';
import { hasS3, S3_KEYS, startS3 } from './s3-server.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

const NEVER_MS = 3_600_000;

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop[Symbol.asyncDispose]());

async function publish(target: ReleaseTarget, text: string, rollout?: number): Promise<void> {
  await publishDraft(await shop.publisher(target), await shop.draft(text), { rollout });
}

function watchOn(target: ReleaseTarget, pollMs: number, folder?: string) {
  const faults: unknown[] = [];
  const heard: ChannelDocument[] = [];
  const watch = new PointerWatch({
    target,
    folder,
    pollMs,
    onFault: (error) => faults.push(error),
  });
  watch.onChange((channel) => heard.push(channel));
  return { watch, heard, faults };
}

describe('a folder', () => {
  it('is watched, without being looked at', async () => {
    const folder = path.join(shop.folder, 'watched');
    const target = folderTarget(folder);
    await publish(target, 'One.');
    const { watch, heard, faults } = watchOn(target, NEVER_MS, folder);
    await watch.start();
    expect(heard).toMatchObject([{ version: 1, current: { sequence: 1 } }]);
    await publish(target, 'Two.', 2_000);
    await eventually('the second', () => heard[1]);
    await promote(await shop.publisher(target));
    await eventually('the promotion', () => heard[2]);
    expect(heard.map(({ version, current }) => [version, current.sequence])).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
    ]);
    // What can't be read is told of once, and what was known stays so.
    await writeFile(path.join(folder, 'channel.json'), '{"signed":{"type":"root"}}');
    await eventually('the fault', () => faults[0]);
    await watch.look();
    expect([faults.length, watch.channel?.version]).toEqual([1, 3]);
    await rm(path.join(folder, 'channel.json'));
    await watch.look();
    expect(watch.channel?.version).toBe(3);
    await watch.close();
  });

  it('is found where it was not there at first', async () => {
    const folder = path.join(shop.folder, 'later');
    const target = folderTarget(folder);
    const { watch, heard } = watchOn(target, 20, folder);
    await watch.start();
    expect(watch.channel).toBeNull();
    await mkdir(folder);
    await publish(target, 'One.');
    await eventually('the first', () => heard[0]);
    await watch.close();
  });
});

describe.skipIf(!hasS3)('a bucket', () => {
  it('is looked at from time to time', async () => {
    await using server = await startS3({ conditions: 'kept' });
    const options = {
      type: 's3',
      bucket: 'kb',
      prefix: 'watched',
      endpoint: server.endpoint,
    } as const;
    const target = s3Target(options, S3_KEYS);
    const { watch, heard, faults } = watchOn(target, 20);
    await watch.start();
    await publish(target, 'One.');
    await eventually('the first', () => heard[0]);
    server.refuse('GET', 403);
    await eventually('the fault', () => faults[0]);
    server.refuse('GET', undefined);
    await publish(target, 'Two.');
    await eventually('the second', () => heard[1]);
    expect([heard.length, faults.length]).toEqual([2, 1]);
    await watch.close();
  });
});
