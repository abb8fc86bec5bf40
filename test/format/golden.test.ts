/**
 * The golden files: made again they have the same bytes, another program reads them by the document alone, and no damage to any of their bytes
 * goes unfound.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GOLDEN_NOW, goldenFiles } from '../../scripts/golden-release.ts';
import { FormatError } from '../../src/errors/index.ts';
import {
  applyDelta,
  decodeIndex,
  readRoot,
  rolloutBucket,
  sha256Hex,
  verifyChannel,
  verifyManifest,
  verifyRoot,
} from '../../src/format/index.ts';
import { contentOf } from './index-content.ts';

const FOLDER = fileURLToPath(new URL('golden', import.meta.url));
const READER = fileURLToPath(new URL('read_release.py', import.meta.url));
const golden = (name: string) => new Uint8Array(readFileSync(path.join(FOLDER, name)));
const before = golden('before.idx');
const after = golden('after.idx');
const delta = golden('before-after.delta');
const hasPython = spawnSync('python3', ['--version']).status === 0;

describe('golden files', () => {
  it('have the bytes that are made today', async () => {
    const files = await goldenFiles();
    const kept = [...files.keys()].map((name) => [name, golden(name)]);
    expect(kept).toEqual([...files]);
  });

  it('are a release that a client accepts', async () => {
    const { signed } = JSON.parse(Buffer.from(golden('root.1.json')).toString());
    const pinned = readRoot(signed, '$');
    const anchor = { product: 'harbour-guide', version: 1, root: pinned.roles.root };
    const root = await verifyRoot(golden('root.1.json'), anchor);
    if (!root.accepted) throw new Error(root.refusal.reason);
    const channel = await verifyChannel(golden('channel.json'), {
      root: root.value,
      channel: 'stable',
      now: GOLDEN_NOW,
    });
    if (!channel.accepted) throw new Error(channel.refusal.reason);
    const { document } = channel.value;
    const release = await verifyManifest(golden('release.json'), {
      root: root.value,
      channel: document,
      pointer: document.current,
      client: '0.1.0',
    });
    if (!release.accepted) throw new Error(release.refusal.reason);
    const { index } = release.value.manifest;
    const result = await applyDelta(before, delta, { maximumBytes: index.bytes });
    expect(await sha256Hex(result)).toBe(index.sha256);
    expect(result).toEqual(after);
  });

  it('are what the document shows in hexadecimal, and its bucket is that of the arithmetic', async () => {
    const document = readFileSync(
      fileURLToPath(new URL('../../docs/release-format.md', import.meta.url)),
      'utf8',
    );
    const shown = [...document.matchAll(/^([0-9a-f]{8}): ((?:[0-9a-f]{2} ){16}) .{16}$/gm)];
    expect(shown.length).toBeGreaterThan(10);
    for (const [, offset = '', hex = ''] of shown) {
      const from = Number.parseInt(offset, 16);
      const bytes = Buffer.from(before.subarray(from, from + 16)).toString('hex');
      expect(hex.replaceAll(' ', '')).toBe(bytes);
    }
    const bucket = await rolloutBucket('2026-11', 'install-1');
    expect(document).toContain(`the bucket is ${bucket.toLocaleString('en')}.`);
  });

  it.skipIf(!hasPython)(
    `are read by a program that shares no code${hasPython ? '' : ' (skipped: no python3)'}`,
    async () => {
      const read = JSON.parse(execFileSync('python3', [READER, FOLDER], { encoding: 'utf8' }));
      expect(read.before).toEqual(contentOf(decodeIndex(before)));
      expect(read.after).toEqual(contentOf(decodeIndex(after)));
      expect(read.merged).toEqual(read.after);
      expect(read.bucket).toBe(await rolloutBucket('2026-11', 'install-1'));
      const { message, signatures } = read.documents['root.1.json'];
      for (const { keyId, signature } of signatures)
        expect(isSigned(message, signature, read.keyIds[keyId])).toBe(true);
    },
  );
});

/** By Node's own crypto, not WebCrypto. */
function isSigned(messageHex: string, signature: string, publicKey: string): boolean {
  const key = createPublicKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.replace('ed25519:', '') },
  });
  return verify(null, Buffer.from(messageHex, 'hex'), key, Buffer.from(signature, 'base64url'));
}

/** What a reader makes of bytes: their content, or the refusal; anything else fails the test. */
function readAll(bytes: Uint8Array): ReturnType<typeof contentOf> | 'refused' {
  try {
    return contentOf(decodeIndex(bytes));
  } catch (error) {
    if (error instanceof FormatError) return 'refused';
    throw error;
  }
}

function* flips(bytes: Uint8Array): Generator<[at: number, flipped: Uint8Array]> {
  for (let at = 0; at < bytes.length; at++)
    for (let bit = 0; bit < 8; bit++) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      yield [at, flipped];
    }
}

describe('damage to one bit', () => {
  it('of an index is refused, or gives other content, or is in the version; the hash finds all', async () => {
    const whole = readAll(before);
    const hash = await sha256Hex(before);
    const unnoticed = new Set<number>();
    const counts = { refused: 0, other: 0 };
    for (const [at, flipped] of flips(before)) {
      const read = readAll(flipped);
      if (read === 'refused') counts.refused++;
      else if (JSON.stringify(read) === JSON.stringify(whole)) unnoticed.add(at);
      else counts.other++;
      if (at % 61 === 0) expect(await sha256Hex(flipped)).not.toBe(hash);
    }
    // A later version that says it can be read by readers of this one.
    expect([...unnoticed]).toEqual([8, 9]);
    expect(counts.refused).toBeGreaterThan(counts.other);
  });

  it('of a delta or its base never gives another index', async () => {
    const outcome = async (base: Uint8Array, changes: Uint8Array) => {
      try {
        return Buffer.compare(await applyDelta(base, changes), after) === 0 ? 'right' : 'wrong';
      } catch (error) {
        return error instanceof FormatError ? 'refused' : error;
      }
    };
    const right = new Set<number>();
    for (const [at, flipped] of flips(delta)) {
      const made = await outcome(before, flipped);
      if (made === 'right') right.add(at);
      else expect(made, `byte ${at}`).toBe('refused');
    }
    // The version of the delta, and that of the index within it.
    const patch = Buffer.from(delta).indexOf('EVERVECI');
    expect([...right]).toEqual([8, 9, patch + 8, patch + 9]);
    for (const [at, flipped] of flips(before))
      if (at % 7 === 0) expect(await outcome(flipped, delta)).toBe('refused');
  });

  it('by cutting it off anywhere is refused', async () => {
    for (let length = 0; length < before.length; length++)
      expect(() => decodeIndex(before.subarray(0, length)), `${length} bytes`).toThrow(FormatError);
    for (let length = 0; length < delta.length; length++)
      await expect(applyDelta(before, delta.subarray(0, length))).rejects.toThrow(FormatError);
    const longer = new Uint8Array(before.length + 64);
    longer.set(before);
    expect(() => decodeIndex(longer)).toThrow(FormatError);
  });
});
