/**
 * Sends what happened to a server that counts it, where the app's owner wants that: a few numbers, several in one message, nothing that names an install or a
 * user. What can't be sent is dropped: no update waits for a report, and none fails by one.
 */
import { MAX_REPORTS, reportCode, type ReportEntry, type ReportMessage } from '../format/report.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { VERSION } from '../runtime/version.ts';
import type { ReleaseReport } from './options.ts';

export interface ReporterOptions {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Reporter {
  readonly report: (report: ReleaseReport) => void;
  /** Sends what is there, and waits for nothing. */
  readonly close: () => void;
}

/** What happens together is sent together; by chance, so that not all clients do at once. */
const GATHER_MS = 5_000;
const TRIES = 3;
const RETRY_MS = 10_000;
const TIMEOUT_MS = 10_000;

export function createReporter(options: ReporterOptions): Reporter {
  const { clock, random } = options;
  const end = new AbortController();
  let channel = '';
  let waiting: ReportEntry[] = [];
  let isGathering = false;

  const take = (): string | undefined => {
    if (waiting.length === 0) return undefined;
    const message: ReportMessage = { client: VERSION, channel, reports: waiting };
    waiting = [];
    return JSON.stringify(message);
  };
  const gather = async () => {
    isGathering = true;
    await clock.sleep(GATHER_MS * (0.5 + random()), end.signal);
    isGathering = false;
    if (!end.signal.aborted) await send(take(), options, end.signal);
  };
  const endHiding = onHidden(() => sendNow(take(), options));
  return {
    report: (report) => {
      const entry = entryOf(report);
      if (entry === undefined || end.signal.aborted) return;
      ({ channel } = report);
      waiting = [...waiting, entry].slice(-MAX_REPORTS);
      if (!isGathering) void gather();
    },
    close: () => {
      end.abort();
      endHiding();
      sendNow(take(), options);
    },
  };
}

/** Of what is asked for by hand, or is no matter of a release, nothing is said. */
function entryOf({
  what,
  sequence,
  bytes,
  stage,
  code,
  why,
}: ReleaseReport): ReportEntry | undefined {
  const of = { sequence: sequence ?? 0 };
  if (what === 'checked' || what === 'installed') return { kind: what, ...of };
  if (what === 'downloaded') return { kind: what, ...of, bytes: bytes ?? 0 };
  if (what === 'rolledBack') return { kind: what, ...of, why: why ?? 'asked' };
  return stage === undefined
    ? undefined
    : { kind: what, ...of, stage, code: reportCode(code ?? '') };
}

async function send(
  body: string | undefined,
  options: ReporterOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random } = options;
  if (body === undefined) return;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await clock.sleep(RETRY_MS * 2 ** (attempt - 1) * (0.5 + random()), signal);
    if (signal.aborted || (await post(body, options))) return;
  }
}

/** @returns whether another try would be of no use: what the server refuses, it refuses again */
async function post(body: string, { url, fetch }: ReporterOptions): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    // As plain text, which browsers send to another origin without asking first; without cookies, and also when the page has ended.
    const how = { method: 'POST', credentials: 'omit', keepalive: true } as const;
    const { ok, status } = await fetch(url, { ...how, body, signal });
    return ok || status < 500;
  } catch {
    return false;
  }
}

/** For a page that may be about to end. */
function sendNow(body: string | undefined, options: ReporterOptions): void {
  if (body === undefined) return;
  // A beacon takes cookies along, so it is for browsers whose requests end with the page.
  const { navigator } = globalThis;
  if (!('keepalive' in Request.prototype) && navigator?.sendBeacon?.(options.url, body)) return;
  void post(body, options);
}

/** @returns ends it */
function onHidden(act: () => void): () => void {
  const page = globalThis.document;
  const onChange = () => {
    if (page.visibilityState === 'hidden') act();
  };
  page?.addEventListener('visibilitychange', onChange);
  return () => page?.removeEventListener('visibilitychange', onChange);
}
