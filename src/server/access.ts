/**
 * Who may ask: with a token, whoever has it; without one, this machine only. A page of another site can't reach an
 * open server: its name in `Host` is not a loopback one even where the address is (DNS rebinding), and a POST
 * has to be `application/json`, which other origins may not send unasked (no CORS header is ever set).
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';

import { ConfigError, HttpRequestError } from '../errors/index.ts';

/** `host` without a port: a name, an IPv4 or an IPv6 address, the last with or without brackets. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/** @throws ConfigError when a token could not be sent as a bearer token */
export function checkToken(token: string): void {
  if (/^[\x21-\x7e]+$/.test(token)) return;
  throw new ConfigError(
    'The token of the HTTP interface is empty, or has spaces or characters beyond ASCII.',
    { remedy: 'Set AUTH_TOKEN to a long random word, or unset it.', isUsage: true },
  );
}

/** @throws ConfigError when `host` is reachable from elsewhere and there is no token */
export function checkHost(host: string, hasToken: boolean): void {
  if (hasToken || isLoopback(host)) return;
  throw new ConfigError(
    `Without a token the HTTP interface listens on this machine only, not on "${host}".`,
    { remedy: 'Set AUTH_TOKEN, or listen on 127.0.0.1.', isUsage: true },
  );
}

export type AccessCheck = (request: Request) => void;

/** Hashes are compared, in constant time: neither the token's length nor its start shows in the time it takes. */
export function requireToken(token: string): AccessCheck {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  const expected = hash(token);
  return (request) => {
    const [, given] = /^bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '') ?? [];
    if (given !== undefined && timingSafeEqual(hash(given), expected)) return;
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

export function requireLoopbackName(request: Request): void {
  const host = request.headers.get('host') ?? new URL(request.url).host;
  if (isLoopback(host.replace(/:\d*$/, ''))) return;
  throw new HttpRequestError(
    'HOST',
    403,
    'Without a token this server answers to the names of this machine only.',
    { remedy: 'Use http://127.0.0.1 or http://localhost, or start it with AUTH_TOKEN set.' },
  );
}
