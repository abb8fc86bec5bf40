/** Brings an offered release into the store, verified: by what is here, by a delta, compressed, plain; each way with its tries. Uses nothing of it yet. */
import { EvervecError } from '../../errors/evervec-error.ts';
import { ReleaseUpdateError } from '../../errors/release-update-error.ts';
import { type ReleaseFile, sha256Hex } from '../../format/index.ts';
import { fromMirrors } from '../mirrors.ts';
import { costOf, readable, type Way } from '../plan.ts';
import { createPace } from '../network.ts';
import { type Offer, offerInfo, report, type Session, stampOf, tellProgress } from '../session.ts';
import type { Installed } from '../state.ts';
import { planOf } from './decide.ts';
import { discardOpening, openInHost } from './install.ts';

type Bytes = Uint8Array<ArrayBuffer>;

export interface DownloadOptions {
  /** Whether it may be put off when it turns out to be slow. */
  readonly mayWait: boolean;
  /** Whether it is activated next: then the host opens it while it is stored. */
  readonly opens: boolean;
}

/** @throws ReleaseUpdateError */
export async function download(
  session: Session,
  offer: Offer,
  { mayWait, opens }: DownloadOptions,
): Promise<void> {
  session.stage = 'download';
  const { manifest } = offer;
  session.attempt = { sequence: manifest.sequence, version: manifest.version };
  const ways = await planOf(session, offer);
  const bytes = costOf(ways[0]);
  session.events.emit('updateStarted', { release: offerInfo(offer), bytes });
  const pace = mayWait ? createPace(session.options) : undefined;
  const model = await downloadModel(session, offer, pace);
  const index = await byFirstWay(session, offer, ways, pace);
  if (opens) {
    // Hashing and copying many bytes are a block of the page's thread each, not one.
    await new Promise((resolve) => setTimeout(resolve));
    openInHost(session, manifest.index.sha256, index.slice());
  }
  try {
    await session.ledger.write(manifest.index.sha256, index);
    await session.ledger.change((state) => ({ ...state, staged: stagedOf(session, offer, model) }));
  } catch (error) {
    if (opens) await discardOpening(session);
    throw error;
  }
  report(session, 'downloaded', { sequence: manifest.sequence, version: manifest.version, bytes });
}

type Pace = ((bytes: number, limit: number) => void) | undefined;

async function byFirstWay(
  session: Session,
  offer: Offer,
  ways: readonly Way[],
  pace: Pace,
): Promise<Bytes> {
  let last: unknown = new ReleaseUpdateError('UNREACHABLE', 'The release has no file to read.');
  for (const way of ways) {
    try {
      return await byWay(session, offer, way, pace);
    } catch (error) {
      if (!isWorthAnotherWay(error)) throw error;
      session.options.debug('another way', { failed: way.kind, error: String(error) });
      last = error;
    }
  }
  throw last;
}

async function byWay(session: Session, offer: Offer, way: Way, pace: Pace): Promise<Bytes> {
  const { ledger, options } = session;
  const { sha256, bytes: maximumBytes } = offer.manifest.index;
  if (way.kind === 'keep') return (await ledger.read(sha256)) ?? damaged('What the store has');
  if (way.kind === 'whole')
    return await fetchPlain(session, way.file, { sha256, maximumBytes }, pace);
  const { sha256: hash, bytes } = way;
  const delta = await fetchPlain(session, way.file, { sha256: hash, maximumBytes: bytes }, pace);
  const whole = await options.host.patch(delta);
  return (await sha256Hex(whole)) === sha256 ? whole : damaged('What the delta gives');
}

async function fetchPlain(
  session: Session,
  { path, bytes }: ReleaseFile,
  { sha256, maximumBytes }: { sha256: string; maximumBytes: number },
  pace: Pace,
): Promise<Bytes> {
  const remote = {
    path,
    maximumBytes,
    maximumGzipBytes: bytes,
    isMutable: false,
    onBytes: (came: number, limit: number) => {
      tellProgress(session, 'download', Math.floor((came / limit) * 100), came);
      pace?.(came, limit);
    },
  };
  return await fromMirrors(session.web, remote, async (plain) => {
    tellProgress(session, 'verify', 0, plain.length);
    if ((await sha256Hex(plain)) !== sha256) damaged(path);
    tellProgress(session, 'verify', 100, plain.length);
    return plain;
  });
}

/** Once for each hash. @returns it, or null where the release brings none or the app wants none */
async function downloadModel(session: Session, offer: Offer, pace: Pace): Promise<string | null> {
  const wanted = offer.manifest.model.download;
  if (wanted === undefined || !session.options.model) return null;
  const { sha256, bytes: maximumBytes } = wanted;
  if ((await session.ledger.read(sha256)) !== undefined) return sha256;
  const files = readable(wanted.files, 'DecompressionStream' in globalThis);
  const ways = files.map((file): Way => ({ kind: 'whole', file }));
  let last: unknown = new ReleaseUpdateError('UNREACHABLE', 'The model has no file to read.');
  for (const way of ways) {
    if (way.kind !== 'whole') continue;
    try {
      const model = await fetchPlain(session, way.file, { sha256, maximumBytes }, pace);
      await session.ledger.write(sha256, model);
      return sha256;
    } catch (error) {
      if (!isWorthAnotherWay(error)) throw error;
      last = error;
    }
  }
  throw last;
}

function stagedOf(session: Session, offer: Offer, model: string | null): Installed {
  const { manifest, sha256, keyIds } = offer;
  return {
    origin: 'release',
    sequence: manifest.sequence,
    version: manifest.version,
    keyIds,
    manifest: sha256,
    index: { sha256: manifest.index.sha256, bytes: manifest.index.bytes },
    model: { fingerprint: manifest.model.fingerprint, sha256: model },
    canaries: manifest.canaries,
    installedAt: stampOf(session),
    isConfirmed: false,
    openings: 0,
  };
}

/** No network at all, a full device, or a client that closes is the same whichever way one goes. */
function isWorthAnotherWay(error: unknown): boolean {
  if (!EvervecError.isInstance(error)) return false;
  if (!(error instanceof ReleaseUpdateError)) return true;
  if (error.reason === 'UNREACHABLE') return error.status !== null;
  return ['DAMAGED', 'TOO_LARGE', 'TIME_LIMIT'].includes(error.reason);
}

function damaged(what: string): never {
  throw new ReleaseUpdateError('DAMAGED', `${what} is not what was signed.`);
}
