import { EvervecError } from './evervec-error.ts';

/**
 * Why a document could not be fetched. `URL`, `ADDRESS`, `ROBOTS` and `REDIRECT` are refusals of ours; `GONE`, `FORBIDDEN`,
 * `BUSY`, `SERVER` and `STATUS` are answers of the server; the others are failures on the way.
 */
export type FetchReason = keyof typeof REMEDIES;

const REMEDIES = {
  URL: 'Give an http or https URL without a name and password, on a port that is meant for it.',
  ADDRESS:
    'Only public addresses are fetched. Name the host or its network in `allow` if it is yours.',
  REDIRECT: 'Give the URL that the page has moved to.',
  ROBOTS: "The site's robots.txt asks programs to stay away. Ask its owner, or upload the file.",
  TOO_LARGE: 'Upload a smaller file, or raise `maxBytes`.',
  TIME_LIMIT: 'Try again later, or raise the time limit.',
  DNS: 'Check the name of the host, and that this machine can look up names.',
  CONNECTION: 'Check that the server is up and can be reached from this machine.',
  TLS: "The server's certificate or protocol is not accepted. Its owner has to repair it.",
  CUT: 'Try again later.',
  ENCODING: "The server's answer cannot be decompressed. Download the file and upload it.",
  PROTOCOL: 'The server does not keep to HTTP. Download the file and upload it.',
  GONE: 'Check the URL, or delete the document.',
  FORBIDDEN: 'The page is not public. Download the file and upload it.',
  BUSY: 'Wait as long as the server asks to.',
  SERVER: 'Try again later.',
  STATUS: 'Check the URL.',
  CLOSED: 'It was stopped: try again after the start.',
} as const;

const RETRYABLE: ReadonlySet<FetchReason> = new Set([
  'TIME_LIMIT',
  'DNS',
  'CONNECTION',
  'CUT',
  'BUSY',
  'SERVER',
  'CLOSED',
] as const);

/** A document could not be fetched from its URL. Its message names the URL without credentials and query. */
export class FetchError extends EvervecError {
  override readonly code: `EVERVEC_FETCH_${FetchReason}`;
  readonly reason: FetchReason;
  /** What the server answered; null where it did not come to that. */
  readonly status: number | null;
  /** When the server said to come back, ms from now, a day at most; null when it did not say, which never means at once. */
  readonly retryAfterMs: number | null;

  /**
   * @param url may hold secrets: only what `shownUrl` leaves of it gets into the message
   * @param what the rest of the sentence, for example `answers 404.`
   */
  constructor(
    reason: FetchReason,
    url: URL | null,
    what: string,
    options: { cause?: unknown; status?: number; retryAfterMs?: number | null } = {},
  ) {
    super(`${url === null ? 'The URL' : shownUrl(url)} ${what}`, {
      remedy: REMEDIES[reason],
      cause: options.cause,
      isRetryable: RETRYABLE.has(reason),
      isUsage: reason === 'URL' || reason === 'ADDRESS',
    });
    this.code = `EVERVEC_FETCH_${reason}`;
    this.reason = reason;
    this.status = options.status ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

const SHOWN = 200;

/** A URL for people: a query or a fragment may hold a token (I11), credentials are one. */
export function shownUrl(url: URL): string {
  const shown = `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`;
  return shown.length <= SHOWN ? shown : `${shown.slice(0, SHOWN)}…`;
}
