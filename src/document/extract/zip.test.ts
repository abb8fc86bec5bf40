import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { DEFAULT_EXTRACT_LIMITS } from './extracted.ts';
import { listZip, unzip } from './zip.ts';

const all = () => true;
const fault = (kind: string) => expect.objectContaining({ fault: kind });
const MEBIBYTE = 1024 * 1024;

describe('unzip', () => {
  it('unpacks what is wanted, stored or packed', () => {
    const zip = zipSync({ 'a/ü.txt': strToU8('one'), 'b.txt': [strToU8('two'), { level: 0 }] });
    expect(listZip(zip)).toEqual(['a/ü.txt', 'b.txt']);
    const files = unzip(zip, DEFAULT_EXTRACT_LIMITS, all);
    expect([...files].map(([name, bytes]) => [name, new TextDecoder().decode(bytes)])).toEqual([
      ['a/ü.txt', 'one'],
      ['b.txt', 'two'],
    ]);
    expect([...unzip(zip, DEFAULT_EXTRACT_LIMITS, (name) => name === 'b.txt').keys()]).toEqual([
      'b.txt',
    ]);
  });

  it('stops at the limits, also where the archive lies about its sizes', () => {
    const bomb = zipSync({ 'a.txt': new Uint8Array(20 * MEBIBYTE) }, { level: 9 });
    const limits = { ...DEFAULT_EXTRACT_LIMITS, maxExpansion: 200 };
    expect(() => unzip(bomb, limits, all)).toThrow(fault('too-large'));
    const roomy = { ...limits, maxExpansion: 2_000, maxExpandedBytes: 10 * MEBIBYTE };
    expect(() => unzip(bomb, roomy, all)).toThrow(fault('too-large'));
    const liar = bomb.slice();
    const view = new DataView(liar.buffer);
    view.setUint32(liar.length - 22 - 46 - 5 + 24, 10, true);
    expect(() => unzip(liar, limits, all)).toThrow(fault('too-large'));
    expect(unzip(bomb, { ...limits, maxExpansion: 2_000 }, all).get('a.txt')).toHaveLength(
      20 * MEBIBYTE,
    );
  });

  it('refuses more files than are taken, before it unpacks one', () => {
    const names = Array.from({ length: 101 }, (_, n) => [`${n}`, strToU8('x')] as const);
    const zip = zipSync(Object.fromEntries(names), { level: 0 });
    expect(() => unzip(zip, { ...DEFAULT_EXTRACT_LIMITS, maxEntries: 100 }, all)).toThrow(
      fault('too-large'),
    );
  });

  it('names what is damaged or encrypted', () => {
    const zip = zipSync({ 'a.txt': strToU8('moon '.repeat(100)) });
    expect(listZip(zip.subarray(0, 60))).toBeNull();
    const flipped = zip.slice();
    flipped[40] = (flipped[40] ?? 0) ^ 0xff;
    expect(() => unzip(flipped, DEFAULT_EXTRACT_LIMITS, all)).toThrow(fault('damaged'));
    const locked = zip.slice();
    const entry = locked.length - 22 - 46 - 5;
    locked[entry + 8] = 1;
    expect(() => unzip(locked, DEFAULT_EXTRACT_LIMITS, all)).toThrow(fault('encrypted'));
  });
});
