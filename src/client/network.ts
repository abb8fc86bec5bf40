/** Whether an update that nobody asked for waits: consent, data saver, a slow or metered connection. Must not fetch. */
import { ReleaseUpdateError } from '../errors/release-update-error.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Mode, NetworkPolicy } from './options.ts';

/** The Network Information API, which some browsers have (WICG). */
export interface Connection {
  readonly saveData?: boolean;
  readonly type?: string;
  readonly effectiveType?: string;
  /** Megabits a second, rounded by the browser. */
  readonly downlink?: number;
}

export interface Circumstances {
  readonly mode: Mode;
  readonly conditional: boolean;
  readonly network: NetworkPolicy;
  readonly hasIndex: boolean;
  readonly change: 'major' | 'minor';
  /** Over the wire. */
  readonly bytes: number;
  readonly connection: Connection | undefined;
}

export function waitsFor(circumstances: Circumstances): 'consent' | 'connection' | null {
  const { mode, conditional, network, hasIndex, change, bytes, connection } = circumstances;
  if (mode === 'manual' || (mode === 'fallback' && hasIndex)) return 'consent';
  if (bytes === 0 || connection === undefined) return null;
  if (connection.saveData === true && network.respectSaveData) return 'connection';
  if (!hasIndex || (conditional && change === 'major')) return null;
  if (conditional && isPoor(connection)) return 'connection';
  const { downlink = 0 } = connection;
  const seconds = downlink > 0 ? (bytes * 8) / (downlink * 1_000_000) : 0;
  return seconds > network.maximumSeconds ? 'connection' : null;
}

function isPoor({ type, effectiveType = '4g' }: Connection): boolean {
  return type === 'cellular' || effectiveType !== '4g';
}

export function connectionOf(): Connection | undefined {
  const found: unknown = Reflect.get(globalThis.navigator ?? {}, 'connection');
  return typeof found === 'object' && found !== null ? found : undefined;
}

/** Before this much is there, a rate says little. */
const PROBE_BYTES = 65_536;
const PROBE_MS = 250;

/** The probe is the beginning of the download itself: what it costs is not lost when it goes on. */
export function createPace({
  clock,
  network,
}: {
  clock: Clock;
  network: NetworkPolicy;
}): (bytes: number, limit: number) => void {
  let startedAt: number | undefined;
  let first = 0;
  let last = 0;
  return (bytes, limit) => {
    const isOtherFile = bytes <= last;
    last = bytes;
    if (startedAt === undefined || isOtherFile) {
      startedAt = clock.now();
      first = bytes;
      return;
    }
    const ms = clock.now() - startedAt;
    const isEnough = bytes - first >= PROBE_BYTES || ms >= network.maximumSeconds * 100;
    if (!isEnough || ms < PROBE_MS) return;
    const seconds = ((limit - bytes) * ms) / Math.max(1, bytes - first) / 1_000;
    if (seconds > network.maximumSeconds)
      throw new ReleaseUpdateError(
        'DEFERRED',
        `The connection is slow: ${Math.ceil(seconds)} s more; the limit is ${network.maximumSeconds} s.`,
      );
  };
}
