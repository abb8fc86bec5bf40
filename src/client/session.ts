/** What the acts of one client share: its parts, and the little that is known only while it runs. */
import type { EvervecError } from '../errors/evervec-error.ts';
import { ReleaseUpdateError } from '../errors/release-update-error.ts';
import type { Refusal, ReleaseManifest } from '../format/index.ts';
import type { Events, ReleaseInfo, Stage } from './events.ts';
import type { IndexSummary } from './index-host.ts';
import type { Ledger } from './ledger.ts';
import type { Web } from './mirrors.ts';
import type { CheckedOptions, ReleaseReport } from './options.ts';
import type { Installed } from './state.ts';

/** A release that the channel offers, verified. */
export interface Offer {
  readonly manifest: ReleaseManifest;
  /** SHA-256 of the manifest's file. */
  readonly sha256: string;
  readonly keyIds: readonly string[];
}

/** An index that the host was given. */
export interface Opening {
  readonly sha256: string;
  readonly summary: Promise<IndexSummary>;
}

export interface Session {
  readonly options: CheckedOptions;
  readonly ledger: Ledger;
  readonly web: Web;
  readonly events: Events;
  /** What the host searches. */
  searched: Installed | null;
  /** What the host was given last, until it searches it. */
  opening: Opening | null;
  /** SHA-256 of the model's file that the host has. */
  loadedModel: string | null;
  /** The searched release has one that this device lost. */
  isModelMissing: boolean;
  offer: Offer | null;
  goodQueries: number;
  /** What is being downloaded or installed; null while it is only looked for. */
  attempt: { readonly sequence: number; readonly version: string } | null;
  /** Of the act that goes on, for who hears of its failure. */
  stage: Stage;
}

export function sessionOf(
  options: CheckedOptions,
  ledger: Ledger,
  web: Web,
  events: Events,
): Session {
  const nothing = {
    searched: null,
    opening: null,
    loadedModel: null,
    isModelMissing: false,
    offer: null,
    attempt: null,
  };
  return { options, ledger, web, events, ...nothing, goodQueries: 0, stage: 'check' };
}

/** For what is stored: whole milliseconds since 1970, 0 for a clock that is before that. */
export function stampOf({ options }: Session): number {
  return Math.max(0, Math.floor(options.clock.now()));
}

export function infoOf(installed: Installed): ReleaseInfo {
  const { origin, sequence, version } = installed;
  return { origin, sequence, version };
}

export function infoOrNull(installed: Installed | null): ReleaseInfo | null {
  return installed === null ? null : infoOf(installed);
}

export function offerInfo({ manifest }: Offer): ReleaseInfo {
  return { origin: 'release', sequence: manifest.sequence, version: manifest.version };
}

export function report(
  { options, searched }: Session,
  what: ReleaseReport['what'],
  details: Omit<Partial<ReleaseReport>, 'what' | 'channel'> = {},
): void {
  const { sequence = null, version = null } = searched ?? {};
  try {
    options.reporter.report({ what, channel: options.channel, sequence, version, ...details });
  } catch (error) {
    options.debug('report failed', { error: String(error) });
  }
}

/** @param bytes so far of a download, else of the whole index */
export function tellProgress(
  { events }: Session,
  stage: Stage,
  percentage: number,
  bytes: number,
): void {
  events.emit('updateProgress', { stage, percentage, bytes });
}

/** That something waits, or that the client was closed, is no failure. */
export function tellFailure(session: Session, error: EvervecError): void {
  const { stage, searched, events, attempt } = session;
  if (error.code === 'EVERVEC_CLIENT_DEFERRED' || error.code === 'EVERVEC_CLIENT_CLOSED') return;
  report(session, 'failed', { ...attempt, stage, code: error.code });
  events.emit('updateFailed', { stage, error, inUse: infoOrNull(searched) });
}

/** The error that a refused document is. */
export function refused(path: string, refusal: Refusal, now: number): ReleaseUpdateError {
  const { reason, ...details } = refusal;
  const spelt = Object.entries(details).map(([name, value]) => `${name} ${String(value)}`);
  const message = `${path} is refused (${reason}): ${spelt.join(', ')}.`;
  if (reason === 'malformed' || reason === 'other-bytes')
    return new ReleaseUpdateError('DAMAGED', message, { refusal: reason });
  if (reason === 'too-large')
    return new ReleaseUpdateError('TOO_LARGE', message, { refusal: reason });
  const clock = reason === 'expired' ? ` The clock of this device says ${timeOf(now)}.` : '';
  // One bit that a cache turned gives a wrong signature too.
  return new ReleaseUpdateError('REFUSED', message + clock, {
    refusal: reason,
    isRetryable: reason === 'bad-signature',
  });
}

function timeOf(now: number): string {
  return Number.isFinite(now) ? new Date(now).toISOString() : 'nothing';
}
