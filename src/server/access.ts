/**
 * Who may ask what: with tokens, whoever has one, as far as its scope goes; without any, this machine only, for
 * everything. A page of another site can't reach an open server: its name in `Host` is not a loopback one even where
 * the address is (DNS rebinding), and what `body.ts` takes as a POST no other origin may send unasked (no CORS header
 * is ever set).
 */
import { isIPv4 } from 'node:net';

import { bearerOf, hashOf, isSameHash, secretFault } from '../edge/index.ts';
import { ConfigError, HttpRequestError } from '../errors/index.ts';

/** Each includes those before it. */
export const SCOPES = ['read', 'write', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export interface TokenOptions {
  scope: Scope;
  /** 16 characters or more, printable ASCII without spaces. */
  token?: string | undefined;
  /**
   * Names of the tiers that it sees of sources that have some; none when empty. Default the first that there is. An admin's
   * sees all, and names none.
   */
  tiers?: readonly string[] | undefined;
}

/** Who asks. The audit log calls it `http NAME`. */
export interface Caller {
  name: string;
  scope: Scope;
  /** The tiers that it sees; null: all. */
  tiers: readonly string[] | null;
}

/** `host` without a port: a name, an IPv4 or an IPv6 address, the last with or without brackets. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/** The name of the one that `AUTH_TOKEN` is. */
const MAIN_TOKEN = 'token';
const LOCAL: Caller = { name: 'local', scope: 'admin', tiers: null };

/**
 * All tokens by name, checked.
 * @param tiers those that there are
 * @throws ConfigError naming every fault, and no token
 */
export function checkTokens(
  main: string | undefined,
  others: Readonly<Record<string, TokenOptions>>,
  tiers: readonly string[],
): Record<string, TokenOptions> {
  const all: Record<string, TokenOptions> = {
    ...(main !== undefined && { [MAIN_TOKEN]: { scope: 'admin', token: main } }),
    ...others,
  };
  const faults = Object.entries(all).flatMap(([name, { scope, token, ...more }]) => [
    ...tierFaults(scope, more.tiers, tiers).map((fault) => `${name} ${fault}`),
    ...(SCOPES.includes(scope) ? [] : [`${name} has no scope of ${SCOPES.join(', ')}`]),
    ...[secretFault(token)].flatMap((fault) => (fault === null ? [] : [`${name} ${fault}`])),
  ]);
  for (const reserved of [LOCAL.name, ...(main === undefined ? [] : [MAIN_TOKEN])])
    if (Object.hasOwn(others, reserved)) faults.push(`the name ${reserved} is taken`);
  faults.push(...equalTokens(all));
  if (faults.length === 0) return all;
  throw new ConfigError(`Tokens of the HTTP interface are wrong: ${faults.join('; ')}.`, {
    remedy: 'Set AUTH_TOKEN and server.tokens to long random words, or leave them away.',
    isUsage: true,
  });
}

/** What `wanted` says that does not go with the scope, or with the tiers that there are. */
function tierFaults(
  scope: Scope,
  wanted: readonly string[] | undefined,
  tiers: readonly string[],
): string[] {
  if (wanted === undefined) return [];
  if (scope === 'admin') return ['has tiers, but an admin sees them all'];
  return wanted
    .filter((tier) => !tiers.includes(tier))
    .map((tier) => `has the tier "${tier}", which is not one of ${tiers.join(', ')}`);
}

/** The audit log could not tell their bearers apart, nor the server their scopes. */
function equalTokens(all: Readonly<Record<string, TokenOptions>>): string[] {
  const groups = Map.groupBy(Object.keys(all), (name) => all[name]?.token);
  return [...groups]
    .filter(([token, names]) => token !== undefined && token !== '' && names.length > 1)
    .map(([, names]) => `${names.join(' and ')} are the same`);
}

/** @throws ConfigError when `host` is reachable from elsewhere and there is no token */
export function checkHost(host: string, hasToken: boolean): void {
  if (hasToken || isLoopback(host)) return;
  throw new ConfigError(
    `Without a token the HTTP interface listens on this machine only, not on "${host}".`,
    { remedy: 'Set AUTH_TOKEN, or listen on 127.0.0.1.', isUsage: true },
  );
}

/** @throws HttpRequestError for who may not ask at all */
export type Authenticate = (request: Request) => Caller;

/** @param tiers those that there are: who names none sees the first */
export function requireToken(
  tokens: Readonly<Record<string, TokenOptions>>,
  tiers: readonly string[],
): Authenticate {
  const known = Object.entries(tokens).map(([name, { scope, token = '', ...more }]) => ({
    caller: {
      name,
      scope,
      tiers: scope === 'admin' ? null : (more.tiers ?? tiers.slice(0, 1)),
    },
    hash: hashOf(token),
  }));
  return (request) => {
    const given = bearerOf(request);
    const hash = hashOf(given ?? '');
    // All are compared, so that the time does not tell which it was.
    const matches = known.map((one) => isSameHash(one.hash, hash));
    const found = known[matches.indexOf(true)];
    if (given !== undefined && found !== undefined) return found.caller;
    throw new HttpRequestError(
      'UNAUTHORIZED',
      401,
      given === undefined ? 'This server asks for a token.' : 'That token is not the right one.',
      {
        remedy: 'Send it as "Authorization: Bearer …".',
        headers: { 'www-authenticate': 'Bearer realm="evervec"' },
      },
    );
  };
}

export function requireLoopbackName(request: Request): Caller {
  const host = request.headers.get('host') ?? new URL(request.url).host;
  if (isLoopback(host.replace(/:\d*$/, ''))) return LOCAL;
  throw new HttpRequestError(
    'HOST',
    403,
    'Without a token this server answers to the names of this machine only.',
    { remedy: 'Use http://127.0.0.1 or http://localhost, or start it with AUTH_TOKEN set.' },
  );
}

/** @throws HttpRequestError when the caller's scope does not include `scope` */
export function requireScope(caller: Caller, scope: Scope): void {
  if (SCOPES.indexOf(caller.scope) >= SCOPES.indexOf(scope)) return;
  throw new HttpRequestError(
    'FORBIDDEN',
    403,
    `This needs a token of scope ${scope}; "${caller.name}" has ${caller.scope}.`,
    { remedy: `Ask with a token of scope ${scope}.` },
  );
}
