/**
 * The one place that opens connections. An address is checked inside the connection's own look-up, so that what was
 * checked is what is connected to: a name that answers otherwise the second time (DNS rebinding) gains nothing. No proxy
 * is used, whatever the environment says, for behind one the address would be the proxy's choice.
 */
import type { LookupAddress, LookupAllOptions, LookupOptions } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupFunction, Socket } from 'node:net';
import { isIP } from 'node:net';
import { callbackify } from 'node:util';
import type { buildConnector, Client } from 'undici';
import { FetchError } from '../../errors/index.ts';
import type { Clock } from '../../runtime/index.ts';
import { type Allowed, refusedRange } from './address.ts';
import { deadline } from './deadline.ts';

/** The lowest level, for tests: everything above it is what runs in earnest. */
export interface Network {
  /** Default the system's. */
  readonly lookup?: (hostname: string, options: LookupAllOptions) => Promise<LookupAddress[]>;
  /** PEM of an authority that is trusted beside no other; default those of Node. */
  readonly ca?: string;
}

export interface ConnectionOptions {
  readonly allowed: Allowed;
  /** From the look-up to the end of the TLS handshake, ms. */
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  readonly network: Network;
}

/**
 * A connection for one request; the caller destroys it. Nothing is kept alive: requests to one host are a second apart,
 * and a new connection is a new check.
 *
 * @param ended closes what is still connecting, so that an abort need not wait for it
 */
export async function openClient(
  url: URL,
  options: ConnectionOptions,
  ended: AbortSignal,
): Promise<Client> {
  // Only where something is fetched: it takes longer to load than most commands run.
  const undici = await import('undici');
  const connect = undici.buildConnector({
    lookup: guardedLookup(url, options),
    rejectUnauthorized: true,
    timeout: 0,
    allowH2: false,
    ...(options.network.ca !== undefined && { ca: options.network.ca }),
  });
  return new undici.Client(url.origin, {
    connect: guardedConnect(url, connect, options, ended),
    // Times are kept by the injected clock, here and by the reader of the body.
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: 0,
    allowH2: false,
  });
}

function guardedConnect(
  url: URL,
  connect: buildConnector.connector,
  { allowed, connectTimeoutMs, clock }: ConnectionOptions,
  ended: AbortSignal,
): buildConnector.connector {
  return (target, callback) => {
    // An address in the URL is never looked up, so it is checked here.
    const range =
      isIP(target.hostname) === 0 ? null : refusedRange(target.hostname, target.hostname, allowed);
    if (range !== null) return callback(refusal(url, range), null);
    const settled = new AbortController();
    // What the types leave out: it returns the socket that is not connected yet.
    const socket = connect(target, (...result) => {
      settled.abort();
      callback(...result);
    }) as unknown as Socket;
    const late = () => socket.destroy(tooLate(url, connectTimeoutMs));
    void deadline(clock, connectTimeoutMs, settled.signal, late);
    if (ended.aborted) late();
    else ended.addEventListener('abort', late, { signal: settled.signal });
  };
}

function tooLate(url: URL, connectTimeoutMs: number): FetchError {
  return new FetchError('TIME_LIMIT', url, `was not connected to within ${connectTimeoutMs} ms.`);
}

function guardedLookup(url: URL, { allowed, network }: ConnectionOptions): LookupFunction {
  const resolve = network.lookup ?? systemLookup;
  const addresses = async (hostname: string, options: LookupOptions) =>
    checked(url, hostname, await resolve(hostname, { ...options, all: true }), allowed);
  const lookup = callbackify(addresses);
  return (hostname, options, callback) =>
    lookup(hostname, options, (error, found) => {
      const [first] = found ?? [];
      if (error !== null || first === undefined) callback(error, []);
      else if (options.all === true) callback(null, found);
      else callback(null, first.address, first.family);
    });
}

/**
 * One address that is refused refuses the name: which of several is tried is decided by the network, and a public name
 * with a private address beside is either an attack or a mistake that its owner should hear of.
 */
function checked(
  url: URL,
  hostname: string,
  found: LookupAddress[],
  allowed: Allowed,
): LookupAddress[] {
  if (found.length === 0) throw new FetchError('DNS', url, 'has a host without any address.');
  for (const { address } of found) {
    const range = refusedRange(address, hostname, allowed);
    // The address itself stays unsaid: it would tell strangers what names mean inside.
    if (range !== null) throw refusal(url, range);
  }
  return found;
}

function refusal(url: URL, range: string): FetchError {
  return new FetchError('ADDRESS', url, `leads to no public address (${range}).`);
}
