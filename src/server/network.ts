/** Which network a request is from: what limits are counted by, since addresses within one are to be had for nothing. */
import ipaddr from 'ipaddr.js';

/** Bits of an address that its owner can't choose freely. */
const IPV4_BITS = 24;
const IPV6_BITS = 48;
/** Within them each address is somebody else's machine. */
const OWN_RANGES: ReadonlySet<string> = new Set([
  'private',
  'loopback',
  'uniqueLocal',
  'linkLocal',
]);

/**
 * @param peer the address that the connection is from
 * @param header of the server in front, with the address that it saw; the last where there are several, since that one is its own
 * @returns `203.0.113.0/24`, `2001:db8:1::/48`, a private address as it is, `unknown`
 */
export function networkOf(peer: string | undefined, header: string | null): string {
  const text = header?.split(',').at(-1)?.trim() ?? peer ?? '';
  if (!ipaddr.isValid(text)) return 'unknown';
  const address = ipaddr.process(text);
  if (OWN_RANGES.has(address.range())) return address.toString();
  const bits = address.kind() === 'ipv4' ? IPV4_BITS : IPV6_BITS;
  const bytes = address.toByteArray().map((byte, at) => (at * 8 < bits ? byte : 0));
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}
