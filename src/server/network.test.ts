/** Who counts as one: by address, and by how often it asks. */
import { expect, it } from 'vitest';
import { networkOf } from './network.ts';
import { RateLimit } from './rate-limit.ts';

it.each([
  ['203.0.113.77', null, '203.0.113.0/24'],
  ['::ffff:203.0.113.77', null, '203.0.113.0/24'],
  ['2001:db8:12:34::5', null, '2001:db8:12::/48'],
  ['10.1.2.3', null, '10.1.2.3'],
  ['127.0.0.1', null, '127.0.0.1'],
  ['fd00::5', null, 'fd00::5'],
  ['10.0.0.1', '1.2.3.4', '1.2.3.0/24'],
  ['10.0.0.1', '6.6.6.6, 1.2.3.4', '1.2.3.0/24'],
  ['10.0.0.1', 'not an address', 'unknown'],
  ['10.0.0.1', '', 'unknown'],
  [undefined, null, 'unknown'],
])('%s, %s is %s', (peer, header, network) => {
  expect(networkOf(peer, header)).toBe(network);
});

it('gives so many at once, and some more with time, to each', () => {
  let now = 0;
  const limit = new RateLimit({ burst: 3, perMinute: 6, now: () => now });
  const take = (name: string) => limit.take(name);
  expect([take('a'), take('a'), take('a'), take('a')]).toEqual([0, 0, 0, 10]);
  expect(take('b')).toBe(0);
  now += 4_000;
  expect(take('a')).toBe(6);
  now += 6_000;
  expect([take('a'), take('a')]).toEqual([0, 10]);
  now += 3_600_000;
  expect([take('a'), take('a'), take('a'), take('a')]).toEqual([0, 0, 0, 10]);
  for (let i = 0; i < 10_001; i++) take(`other ${i}`);
  expect(take('a')).toBe(0);
});
