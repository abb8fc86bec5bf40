import { BlockList, isIPv6 } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FetchError } from '../../errors/index.ts';
import { parseAllowed, refusedRange } from './address.ts';
import { checkedUrl } from './url.ts';

const NOBODY = parseAllowed([]);
const RUNS = 2_000;

/** IANA's registries of special addresses, written down here a second time and matched by Node. */
const PRIVATE_V4: [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['168.63.129.16', 32],
];
const blocked = new BlockList();
for (const [network, bits] of PRIVATE_V4) blocked.addSubnet(network, bits, 'ipv4');

const anyV4 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const privateV4 = fc
  .tuple(fc.constantFrom(...PRIVATE_V4), anyV4)
  .map(([[network, bits], random]) => toNumber(network) + (random % 2 ** (32 - bits)));

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** As URLs may write it: one to four parts, each decimal, octal or hexadecimal. */
const spelling = fc
  .tuple(
    privateV4,
    fc.integer({ min: 1, max: 4 }),
    fc.array(fc.constantFrom('', '0', '00000', '0x', '0X', '0x00'), { minLength: 4, maxLength: 4 }),
    fc.constantFrom('plain', 'percent', 'wide'),
    fc.constantFrom('', '.', '。'),
  )
  .map(([address, count, bases, letters, dot]) => {
    const bytes = dotted(address).split('.').map(Number);
    const last = bytes.slice(count - 1).reduce((sum, byte) => sum * 256 + byte, 0);
    const parts = [...bytes.slice(0, count - 1), last].map((part, i) => inBase(part, bases[i]));
    return inLetters(parts.join('.'), letters) + dot;
  });

function inBase(part: number, base = ''): string {
  if (base === '') return String(part);
  return base + part.toString(base.toLowerCase().startsWith('0x') ? 16 : 8);
}

function inLetters(host: string, letters: string): string {
  if (letters === 'percent') return host.replaceAll(/\d/g, (digit) => `%3${digit}`);
  if (letters === 'wide')
    return host.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
  return host;
}

/** With the IPv4 address inside, in each way that leads there. */
const wrapped = fc
  .tuple(
    privateV4,
    fc.constantFrom('mapped', 'compatible', 'translated', 'nat64', 'nat64Local', '6to4', 'teredo'),
    fc.boolean(),
  )
  .map(([address, way, isLong]) => inV6(address, way, isLong));

function inV6(address: number, way: string, isLong: boolean): string {
  const high = (address >>> 16).toString(16);
  const low = (address & 0xffff).toString(16);
  const tail = isLong ? `${high}:${low}` : dotted(address);
  if (way === 'mapped') return isLong ? `0:0:0:0:0:FFFF:${tail}` : `::ffff:${tail}`;
  if (way === 'compatible') return `::${tail}`;
  if (way === 'translated') return `::ffff:0:${tail}`;
  if (way === 'nat64') return `64:ff9b::${tail}`;
  if (way === 'nat64Local') return `64:ff9b:1::${tail}`;
  if (way === '6to4') return `2002:${high}:${low}::1`;
  const hidden = ~address >>> 0;
  return `2001:0:1:2:0:0:${(hidden >>> 16).toString(16)}:${(hidden & 0xffff).toString(16)}`;
}

function expectRefused(host: string): void {
  for (const scheme of ['http', 'https']) {
    let error: unknown = null;
    try {
      checkedUrl(`${scheme}://${host}:8080/a`, NOBODY);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FetchError);
    expect(error).toMatchObject({ reason: 'ADDRESS' });
  }
}

describe('a private address is refused', () => {
  test('in every spelling of IPv4', () => {
    fc.assert(fc.property(spelling, expectRefused), { numRuns: RUNS });
  });

  test('in every form of IPv6 that leads to it', () => {
    fc.assert(
      fc.property(wrapped, (address) => {
        expect(isIPv6(address)).toBe(true);
        expectRefused(`[${address}]`);
        expect(refusedRange(address, 'a.test', NOBODY)).not.toBeNull();
      }),
      { numRuns: RUNS },
    );
  });

  test('and no other of IPv4 is', () => {
    fc.assert(
      fc.property(anyV4, (number) => {
        const address = dotted(number);
        const isPrivate = blocked.check(address);
        expect(refusedRange(address, address, NOBODY) !== null).toBe(isPrivate);
        expect(refusedRange(`::ffff:${address}`, '', NOBODY) !== null).toBe(isPrivate);
        expect(refusedRange(`64:ff9b::${address}`, '', NOBODY) !== null).toBe(isPrivate);
      }),
      { numRuns: RUNS },
    );
  });

  test('as is all of IPv6 that is not handed out', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const groups = fc.array(group, { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, (parts) => {
        const address = parts.map((part) => part.toString(16)).join(':');
        const isOutside = ((parts[0] ?? 0) & 0xe000) !== 0x2000;
        if (isOutside) expect(refusedRange(address, '', NOBODY)).not.toBeNull();
      }),
      { numRuns: RUNS },
    );
  });

  test.each([
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    '100::1',
    '2001:db8::1',
    '2001::1',
    '2001:2::1',
    '2002:7f00:1::',
    '3fff::1',
    '5f00::1',
    '2620:4f:8000::1',
    '',
    'localhost',
    '1.2.3.4.5',
  ])('%s', (address) => {
    expect(refusedRange(address, address, NOBODY)).not.toBeNull();
  });
});

test.each(['93.184.215.14', '1.1.1.1', '2606:4700:4700::1111', '2a00:1450:4001::1'])(
  '%s is public',
  (address) => {
    expect(refusedRange(address, address, NOBODY)).toBeNull();
  },
);

describe('what is allowed', () => {
  test.each([
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['10.1.2.3', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '10.200.0.1', true],
    ['10.0.0.0/8', '192.168.0.1', false],
    ['10.0.0.0/8', '172.16.0.1', false],
    ['fd12::/16', 'fd12::9', true],
    ['fd12::/16', 'fd13::9', false],
    ['::1', '::1', true],
    ['::1', '127.0.0.1', false],
    ['169.254.0.0/16', '169.254.1.1', true],
    ['169.254.0.0/16', '169.254.169.254', false],
    ['169.254.169.254', '169.254.169.254', true],
    ['fd00::/8', 'fd00:ec2::254', false],
    ['wiki.test', '10.0.0.1', true],
    ['wiki.test', '127.0.0.1', true],
    ['wiki.test', 'fd12::1', true],
    ['wiki.test', '169.254.169.254', false],
    ['wiki.test', '0.0.0.0', false],
    ['wiki.test', '224.0.0.1', false],
    ['WIKI.test.', '10.0.0.1', true],
    ['other.test', '10.0.0.1', false],
  ])('by %s: %s is %s', (entry, address, isAllowed) => {
    expect(refusedRange(address, 'wiki.test', parseAllowed([entry])) === null).toBe(isAllowed);
  });
});
