/** What every target keeps: whole files, nothing replaced but the pointer, and of two publishers one wins. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { AwsClient } from 'aws4fetch';
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderTarget, type ReleaseTarget, s3Target } from '../../src/release/index.ts';
import { listBucket } from '../../src/release/targets/s3-list.ts';
import { s3Requests } from '../../src/release/targets/s3-request.ts';
import { hasS3, S3_KEYS, type S3Server, startS3 } from './s3-server.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (found: Uint8Array | undefined) => found && new TextDecoder().decode(found);

interface Lane {
  readonly name: string;
  open(place: string): ReleaseTarget;
  readonly isRaceFree: boolean;
}

let folder = '';
let strict: S3Server;
let plain: S3Server;
let old: S3Server;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evervec-target-'));
  if (!hasS3) return;
  strict = await startS3({ conditions: 'kept' });
  plain = await startS3({ conditions: 'ignored' });
  old = await startS3({ conditions: 'refused' });
});
afterAll(async () => {
  for (const server of hasS3 ? [strict, plain, old] : []) await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const bucket = (server: S3Server, prefix: string) =>
  s3Target({ type: 's3', bucket: 'kb', prefix, endpoint: server.endpoint }, S3_KEYS);
const LANES: Lane[] = [
  { name: 'folder', open: (place) => folderTarget(path.join(folder, place)), isRaceFree: true },
  { name: 's3', open: (place) => bucket(strict, `a/${place}/`), isRaceFree: true },
  {
    name: 's3 without conditional writes',
    open: (place) => bucket(plain, place),
    isRaceFree: false,
  },
  { name: 's3 that refuses conditions', open: (place) => bucket(old, place), isRaceFree: false },
];

describe.each(hasS3 ? LANES : LANES.slice(0, 1))('$name', ({ open, isRaceFree }) => {
  it('gives back what was put, and nothing where nothing is', async () => {
    const target = open('put');
    expect(await target.get('b/1.idx')).toBeUndefined();
    expect(await target.list('b')).toEqual([]);
    const before = Date.now() - 2_000;
    await target.put('b/1.idx', bytes('one'));
    await target.put('b/1.idx.gz', Uint8Array.of(0x1f, 0x8b, 0, 255));
    await target.put('releases/1.json', bytes('{}'));
    expect(textOf(await target.get('b/1.idx'))).toBe('one');
    expect([...((await target.get('b/1.idx.gz')) ?? [])]).toEqual([0x1f, 0x8b, 0, 255]);
    const listed = await target.list('b');
    expect(listed.map((file) => [file.path, file.bytes])).toEqual([
      ['b/1.idx', 3],
      ['b/1.idx.gz', 4],
    ]);
    for (const { writtenAt } of listed) expect(writtenAt).toBeGreaterThan(before);
    expect((await target.list('')).map((file) => file.path)).toEqual([
      'b/1.idx',
      'b/1.idx.gz',
      'releases/1.json',
    ]);
    await target.remove('b/1.idx');
    await target.remove('b/1.idx');
    expect(await target.get('b/1.idx')).toBeUndefined();
  });

  it('replaces nothing: the same bytes are welcome, others are not', async () => {
    const target = open('immutable');
    await target.put('b/1.idx', bytes('one'));
    await target.put('b/1.idx', bytes('one'));
    await expect(target.put('b/1.idx', bytes('two'))).rejects.toMatchObject({
      code: 'EVERVEC_RELEASE_TARGET',
    });
    expect(textOf(await target.get('b/1.idx'))).toBe('one');
  });

  it('switches the pointer only from what was read', async () => {
    const target = open('pointer');
    const conflict = { code: 'EVERVEC_RELEASE_CONFLICT', isRetryable: true };
    await expect(
      target.switchPointer('channel.json', bytes('1'), bytes('0')),
    ).rejects.toMatchObject(conflict);
    await target.switchPointer('channel.json', bytes('1'), undefined);
    await expect(target.switchPointer('channel.json', bytes('2'), undefined)).rejects.toMatchObject(
      conflict,
    );
    await expect(
      target.switchPointer('channel.json', bytes('2'), bytes('0')),
    ).rejects.toMatchObject(conflict);
    await target.switchPointer('channel.json', bytes('2'), bytes('1'));
    expect(textOf(await target.get('channel.json'))).toBe('2');
    expect((await target.list('')).map((file) => file.path)).toEqual(['channel.json']);
  });

  it.runIf(isRaceFree)('of twenty at once one wins, from nothing and from something', async () => {
    const target = open('race');
    let expected: Uint8Array | undefined;
    for (const round of ['a', 'b']) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, i) =>
          open('race').switchPointer('channel.json', bytes(`${round}${i}`), expected),
        ),
      );
      const winners = outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
      expect(winners).toHaveLength(1);
      expected = await target.get('channel.json');
      expect(textOf(expected)).toBe(`${round}${winners[0]}`);
    }
  });

  it('takes no path that leads elsewhere', async () => {
    const target = open('paths');
    for (const wrong of ['../x', '/x', 'a/../x', '.x', 'a//b', 'a b', '', 'a/', '-x', 'a\\..\\x'])
      await expect(target.put(wrong, bytes('x'))).rejects.toMatchObject({
        isUsage: true,
      });
  });
});

describe('a folder', () => {
  it('takes over the lock of a process that was killed, and waits for one that lives', async () => {
    const place = path.join(folder, 'locked');
    const target = folderTarget(place);
    await target.switchPointer('channel.json', bytes('1'), undefined);
    const { pid } = spawnSync(process.execPath, ['--version']);
    await writeFile(path.join(place, '.lock'), `${pid} ${hostname()} x`);
    await target.switchPointer('channel.json', bytes('2'), bytes('1'));
    await writeFile(path.join(place, '.lock'), `${process.pid} ${hostname()} x`);
    const waiting = target.switchPointer('channel.json', bytes('3'), bytes('2'));
    await writeFile(path.join(place, 'seen'), '');
    expect(textOf(await target.get('channel.json'))).toBe('2');
    await rm(path.join(place, '.lock'));
    await waiting;
    expect(textOf(await target.get('channel.json'))).toBe('3');
    expect(await readdir(path.join(place, '.tmp'))).toEqual([]);
  });
});

describe.runIf(hasS3)('s3', () => {
  it('says how long each file may be kept, and never that it is encoded', async () => {
    const target = bucket(strict, 'headers');
    const from = strict.asked.length;
    await target.put('b/1.idx.gz', Uint8Array.of(0x1f, 0x8b));
    await target.put('b/1.idx', bytes('x'));
    await target.switchPointer('channel.json', bytes('{}'), undefined);
    const puts = strict.asked.slice(from).filter(({ method }) => method === 'PUT');
    expect(
      puts.map(({ header }) => [
        header('content-type'),
        header('cache-control'),
        header('content-encoding'),
      ]),
    ).toEqual([
      ['application/gzip', 'public, max-age=31536000, immutable', ''],
      ['application/octet-stream', 'public, max-age=31536000, immutable', ''],
      ['application/json', 'no-cache', ''],
    ]);
  });

  it('lists page by page', async () => {
    const target = bucket(strict, 'pages');
    const names = Array.from({ length: 7 }, (_, i) => `d/${i}.delta`);
    for (const name of names) await target.put(name, bytes(name));
    const client = new AwsClient({ ...S3_KEYS, service: 's3', region: 'us-east-1' });
    const request = s3Requests(client, new URL('/kb/', strict.endpoint), 's3 kb');
    const from = strict.asked.length;
    const listed = await listBucket(request, 'pages', 'd', 3);
    expect(listed.map((file) => file.path)).toEqual(names);
    expect(strict.asked).toHaveLength(from + 3);
  });

  it('says who refused, and never with which key', async () => {
    const options = { type: 's3' as const, bucket: 'kb', endpoint: strict.endpoint };
    const wrong = s3Target(options, { accessKeyId: 'NOBODY', secretAccessKey: 'not-the-secret' });
    const error = await wrong.get('channel.json').catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: 'EVERVEC_RELEASE_TARGET',
      message: 's3 kb: GET channel.json is answered 403 InvalidAccessKeyId.',
      isRetryable: false,
    });
    expect(JSON.stringify(error)).not.toContain('not-the-secret');
    const nowhere = s3Target({ ...options, bucket: 'other' }, S3_KEYS);
    await expect(nowhere.list('b')).rejects.toMatchObject({
      message: 's3 other: GET the list is answered 404 NoSuchBucket.',
    });
    const server = await startS3({ conditions: 'kept' });
    await server[Symbol.asyncDispose]();
    const dead = s3Target({ ...options, endpoint: server.endpoint }, S3_KEYS);
    await expect(dead.get('channel.json')).rejects.toMatchObject({
      message: `s3 kb: ${new URL(server.endpoint).host} can't be reached (ECONNREFUSED).`,
      isRetryable: true,
    });
  });

  it("asks for a bucket by its host's name where the server is Amazon's way", async () => {
    // Names below `localhost` are this machine, which not every resolver knows.
    const usual = getGlobalDispatcher();
    setGlobalDispatcher(
      new Agent({
        connect: { lookup: (_, __, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) },
      }),
    );
    const { port } = new URL(strict.endpoint);
    const endpoint = `http://s3.localhost:${port}`;
    const target = s3Target(
      { type: 's3', bucket: 'kb', prefix: 'host', endpoint, pathStyle: false },
      S3_KEYS,
    );
    await target.put('b/1.idx', bytes('one'));
    await target.get('b/1.idx').finally(() => setGlobalDispatcher(usual));
    expect(textOf(await bucket(strict, 'host').get('b/1.idx'))).toBe('one');
  });
});
