/** What a page shows of its release. */
import type { EvervecError } from '../errors/evervec-error.ts';
import type { ReleaseInfo } from './events.ts';
import type { Phase } from './machine.ts';
import type { Mode } from './options.ts';
import { infoOrNull, offerInfo, type Session } from './session.ts';

export interface ReleaseStatus {
  readonly phase: Phase;
  readonly mode: Mode;
  readonly product: string;
  readonly channel: string;
  readonly store: 'memory' | 'indexeddb' | 'opfs' | 'folder';
  /** Whether the browser promised not to evict it; null while that is not known. */
  readonly isPersisted: boolean | null;
  /** What is searched. */
  readonly active:
    | (ReleaseInfo & { readonly isConfirmed: boolean; readonly installedAt: number })
    | null;
  /** What `rollback` goes to. */
  readonly previous: ReleaseInfo | null;
  /** What `activate` makes the active one. */
  readonly staged: ReleaseInfo | null;
  /** What `download` fetches. */
  readonly available:
    | (ReleaseInfo & { readonly change: 'major' | 'minor'; readonly notes: string | null })
    | null;
  /** How many releases did not do on this device. */
  readonly quarantined: number;
  /** Milliseconds since 1970: the last check that worked, and the next by itself. */
  readonly checkedAt: number | null;
  readonly nextCheckAt: number | null;
  /** Of the last act; null when it worked. */
  readonly lastError: {
    readonly code: string;
    readonly message: string;
    readonly remedy: string;
  } | null;
}

interface Known {
  readonly phase: Phase;
  readonly lastError: EvervecError | null;
  readonly isPersisted: boolean | null;
  readonly nextCheckAt: number | null;
}

export function statusOf(session: Session, known: Known): ReleaseStatus {
  const { options, ledger, searched, offer } = session;
  const state = ledger.isOpen ? ledger.state : undefined;
  const { code, message, remedy } = known.lastError ?? {};
  return {
    phase: known.phase,
    isPersisted: known.isPersisted,
    nextCheckAt: known.nextCheckAt,
    mode: options.mode,
    channel: options.channel,
    product: options.rootKeys.product,
    store: options.store.kind,
    active: searched === null ? null : activeOf(searched),
    previous: infoOrNull(state?.previous ?? null),
    staged: infoOrNull(state?.staged ?? null),
    available: offer === null ? null : availableOf(offer),
    quarantined: state?.quarantined.length ?? 0,
    checkedAt: state?.checkedAt ?? null,
    lastError:
      code === undefined || message === undefined || remedy === undefined
        ? null
        : { code, message, remedy },
  };
}

function activeOf({ origin, sequence, version, ...rest }: NonNullable<Session['searched']>) {
  return {
    origin,
    sequence,
    version,
    isConfirmed: rest.isConfirmed,
    installedAt: rest.installedAt,
  };
}

function availableOf(offer: NonNullable<Session['offer']>) {
  const { change, notes = null } = offer.manifest;
  return { ...offerInfo(offer), change, notes };
}
