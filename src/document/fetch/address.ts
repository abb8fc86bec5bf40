/**
 * Which addresses on the network a document may be fetched from. Pure; whoever connects asks here with the very
 * address that it is about to connect to.
 */
import ipaddr from 'ipaddr.js';
import { ConfigError } from '../../errors/index.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = readonly [Address, number];

/** What may be fetched though it is not public. */
export interface Allowed {
  readonly hosts: ReadonlySet<string>;
  readonly networks: readonly Network[];
}

/** The whole of what is handed out for public use (RFC 4291); all else is refused without having a name. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** NAT64's well-known prefix (RFC 6052): how a network without IPv4 reaches public IPv4 servers. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/**
 * Ranges that an allowed host name does not open, only a network that is named: nobody's documents are there, and
 * 169.254.169.254 gives out the machine's credentials.
 */
const BY_NETWORK_ONLY: ReadonlySet<string> = new Set([
  'linkLocal',
  'unspecified',
  'multicast',
  'broadcast',
  'metadata',
]);

/** Where clouds tell a machine its own secrets; the one of Azure is a public address. Only named alone are they opened. */
const METADATA: ReadonlySet<string> = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
]);

/**
 * @param entries host names, addresses and networks: `wiki.example`, `10.1.2.3`, `10.0.0.0/8`, `fd12::/16`
 * @throws ConfigError for anything else
 */
export function parseAllowed(entries: readonly string[]): Allowed {
  const hosts = new Set<string>();
  const networks: Network[] = [];
  for (const entry of entries) {
    if (ipaddr.isValidCIDR(entry)) networks.push(ipaddr.parseCIDR(entry));
    else if (ipaddr.isValid(entry)) networks.push(only(ipaddr.process(entry)));
    else hosts.add(hostName(entry));
  }
  return { hosts, networks };
}

function only(address: Address): Network {
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function hostName(entry: string): string {
  if (/^[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*\.?$/u.test(entry) && URL.canParse(`http://${entry}`))
    return withoutDot(new URL(`http://${entry}`).hostname);
  throw new ConfigError(
    `"${entry}" in allow is neither a host name nor an address nor a network.`,
    {
      remedy: 'Write for example wiki.example, 10.1.2.3 or 10.0.0.0/8.',
      isUsage: true,
    },
  );
}

/** `example.com.` is `example.com`. */
export function withoutDot(hostname: string): string {
  return hostname.replace(/\.$/, '').toLowerCase();
}

/**
 * @param hostname the one that was looked up, or the address itself
 * @returns why the address must not be connected to, as the name of its range, or null
 */
export function refusedRange(address: string, hostname: string, allowed: Allowed): string | null {
  if (!ipaddr.isValid(address)) return 'not an address';
  const plain = unwrapped(ipaddr.parse(address));
  const range = rangeOf(plain);
  if (range === null) return null;
  const networks = range === 'metadata' ? allowed.networks.filter(isAlone) : allowed.networks;
  if (networks.some((network) => isIn(plain, network))) return null;
  if (allowed.hosts.has(withoutDot(hostname)) && !BY_NETWORK_ONLY.has(range)) return null;
  return range;
}

/**
 * The IPv4 address inside an IPv6 one, where packets to it do end up there. What was a tunnel once (6to4, Teredo,
 * compatible) stays as it is and is refused as a whole: no document is to be had there only.
 */
function unwrapped(address: Address): Address {
  if (!(address instanceof ipaddr.IPv6)) return address;
  if (!address.isIPv4MappedAddress() && !address.match(NAT64)) return address;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

/** Null for public. */
function rangeOf(address: Address): string | null {
  if (METADATA.has(address.toString())) return 'metadata';
  const range = address.range();
  if (range !== 'unicast') return range;
  if (address instanceof ipaddr.IPv6 && !address.match(GLOBAL_UNICAST)) return 'reserved';
  return null;
}

function isAlone([network, bits]: Network): boolean {
  return bits === only(network)[1];
}

function isIn(address: Address, [network, bits]: Network): boolean {
  if (address instanceof ipaddr.IPv4)
    return network instanceof ipaddr.IPv4 && address.match(network, bits);
  return network instanceof ipaddr.IPv6 && address.match(network, bits);
}
