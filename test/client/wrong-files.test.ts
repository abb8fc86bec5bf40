/**
 * Whatever a server does wrong with a file, the new release or the one before is in use afterwards, whole, and the client says which (I9). Of each file and
 * fault: an update is tried, then what answers is looked at; then the fault ends, and the update is had.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { closeAll, expectEdition, newClient } from './client-setup.ts';
import { type Fault, type FaultServer, serveFiles } from './fault-server.ts';
import { createSite, type Edition, type ReleaseSite } from './release-site.ts';

afterEach(closeAll);

const FAULTS = [
  'cut',
  'short',
  'flip',
  'swapped',
  'stale',
  'bomb',
  'recompressed',
  'encoded-twice',
  '404',
  '500',
  'app-page',
  'stalled',
  'silent',
  'slow',
  'endless',
] as const;
type Wrong = (typeof FAULTS)[number];
const FILES = ['channel', 'root', 'manifest', 'delta', 'gzip'] as const;
type File = (typeof FILES)[number];
/** Twenty million zeros. */
const BOMB = new Uint8Array(gzipSync(new Uint8Array(20_000_000)));

/** `had`: there is a way round it, or nothing is wrong. `nothing`: as if there were no update. */
function outcomeOf(file: File, fault: Wrong): 'had' | 'nothing' | 'failed' {
  if (file === 'delta' || file === 'gzip') return 'had';
  // A root of another number; that there is none is what a server says that has none.
  if (file === 'root') return fault === '404' || fault === 'app-page' ? 'had' : 'failed';
  if (fault === 'recompressed' || fault === 'encoded-twice') return 'had';
  return file === 'channel' && fault === 'stale' ? 'nothing' : 'failed';
}

describe('a file that a server does not give as it was signed', () => {
  let site: ReleaseSite;
  let server: FaultServer;
  beforeAll(async () => {
    site = await createSite();
    await site.publish();
    await site.publish();
    server = await serveFiles(site.files);
  });
  afterAll(() => server.close());

  it.each(FILES.flatMap((file) => FAULTS.map((fault) => [file, fault] as const)))(
    '%s: %s',
    async (file, fault) => {
      const before = site.last;
      const { client, heard } = newClient(site, server, { tries: 1 });
      await client.update();
      const older = pathsOf(before.paths, site.files.get('channel.json'));
      const next = await site.publish();
      const now = pathsOf(next.paths, site.files.get('channel.json'));
      const { path } = now[file];
      server.faults.set(path, faultOf(file, fault, older, now));
      if (file === 'root') site.files.set(path, bytesAt('root.1.json'));
      // The whole file is asked for where the delta fails.
      if (file === 'gzip') server.faults.set(now.delta.path, '404');
      const expected = outcomeOf(file, fault);
      const outcome = await client.update().catch((error: unknown) => error);
      if (expected === 'failed')
        expect(outcome).toMatchObject({ code: expect.stringMatching(/^EVERVEC_CLIENT_/) });
      else expect(outcome).toBe(expected === 'had');
      await expectEdition(client, expected === 'had' ? next.sequence : before.sequence);
      const failures = heard.filter(({ name }) => name === 'updateFailed');
      expect(failures).toHaveLength(expected === 'failed' ? 1 : 0);
      server.faults.clear();
      if (file === 'root') site.files.delete(path);
      expect(await client.update()).toBe(expected !== 'had');
      await expectEdition(client, next.sequence);
      await client.close();
    },
  );

  type Paths = Record<File, { path: string; bytes: Uint8Array<ArrayBuffer> }>;

  function bytesAt(path: string): Uint8Array<ArrayBuffer> {
    return site.files.get(path) ?? new Uint8Array();
  }

  function pathsOf(
    { manifest, delta = '', gzip }: Edition['paths'],
    channel: Uint8Array<ArrayBuffer> = new Uint8Array(),
  ): Paths {
    const at = (path: string) => ({ path, bytes: bytesAt(path) });
    return {
      channel: { path: 'channel.json', bytes: channel },
      root: { path: 'root.2.json', bytes: bytesAt('root.1.json') },
      manifest: at(manifest),
      delta: at(delta),
      gzip: at(gzip),
    };
  }

  function faultOf(file: File, fault: Wrong, older: Paths, now: Paths): Fault {
    if (fault === 'bomb') return BOMB;
    if (fault === 'stale') return older[file].bytes;
    if (fault !== 'swapped') return fault;
    const swapped = { channel: 'manifest', manifest: 'channel', delta: 'gzip', gzip: 'delta' };
    return file === 'root' ? now.channel.bytes : now[swapped[file] as File].bytes;
  }
});
