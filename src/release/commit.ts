/**
 * The one way to change what clients see: manifests that are new, then the roots, then the pointer. All of it passes the checks of a client before
 * any of it is written, so nothing is published that would be refused.
 */
import { ReleaseConflictError, ReleaseError, ReleaseTargetError } from '../errors/index.ts';
import {
  type ChannelDocument,
  type ReleasePointer,
  sha256Hex,
  signDocument,
  type SigningKey,
  timeText,
  verifyChannel,
  verifyManifest,
} from '../format/index.ts';
import { manifestPath, type PublishedRelease } from './manifests.ts';
import { POINTER, type Published } from './published.ts';
import { CHANNEL_LIFETIME_MS, lastRootOf, nowOf, type Publisher } from './publisher.ts';
import { explain } from './explain.ts';
import { rootPath } from './roots.ts';
import type { ReleaseTarget } from './target.ts';

/** A release that is on the target, or is about to be. */
export interface Offer {
  readonly pointer: ReleasePointer;
  /** Of the manifest; absent when it is there. */
  readonly bytes?: Uint8Array;
}

/** What the channel shall say. */
export interface Intent {
  readonly channel: string;
  readonly current: Offer;
  readonly candidate?: Offer & { readonly rollout: number; readonly salt: string };
  readonly blocked: readonly string[];
}

/** More than a publisher ever gets to: a number that a stolen key set, which only its replacement takes back. */
const ABSURD_VERSION = 1_000_000_000_000;

/** Signs, checks, and switches. */
export async function commit(
  publisher: Publisher,
  published: Published,
  intent: Intent,
): Promise<ChannelDocument> {
  const root = lastRootOf(published);
  const now = nowOf(publisher);
  if (now >= Date.parse(root.expires))
    throw new ReleaseError('expired', `${rootPath(root.version)} expired on ${root.expires}.`, {
      remedy: 'Make the next one with "evervec release keys renew", where the root key is.',
    });
  const signed = await signAgain(publisher, published, intent);
  const document = channelOf(publisher, published, signed);
  const bytes = await signDocument(document, await publisher.keys('channel', root));
  await expectAccepted(publisher, published, bytes, signed);
  const { target, trust } = publisher;
  for (const { pointer, bytes } of offersOf(signed))
    if (bytes !== undefined) await putManifest(target, pointer.manifest.path, bytes);
  for (const [version, file] of [...trust.files].sort(([a], [b]) => a - b))
    await target.put(rootPath(version), file);
  await target.switchPointer(POINTER, bytes, published.channel?.bytes);
  return document;
}

function offersOf({ current, candidate }: Intent): Offer[] {
  return candidate ? [current, candidate] : [current];
}

/** Of two who took the same number one hears of it here, before the pointer. */
async function putManifest(target: ReleaseTarget, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await target.put(path, bytes);
  } catch (error) {
    if (!(error instanceof ReleaseTargetError)) throw error;
    const found = await target.get(path).catch(() => undefined);
    if (found === undefined) throw error;
    throw new ReleaseConflictError(
      target.name,
      `${path} was published by somebody else meanwhile.`,
    );
  }
}

/** Manifests whose key was replaced since: the same content under the same number, signed by the new one. */
async function signAgain(
  publisher: Publisher,
  published: Published,
  { candidate, current, ...rest }: Intent,
): Promise<Intent> {
  const root = lastRootOf(published);
  const again = async (offer: Offer): Promise<Offer> => {
    const found = [published.current, published.candidate].find(
      (one) => one?.pointer.manifest.sha256 === offer.pointer.manifest.sha256,
    );
    if (offer.bytes !== undefined || found === undefined || found.rootVersion === root.version)
      return offer;
    return await newOffer(
      found,
      manifestPath(offer.pointer.sequence, root.version),
      await publisher.keys('release', root),
    );
  };
  return {
    ...rest,
    current: await again(current),
    ...(candidate && { candidate: { ...candidate, ...(await again(candidate)) } }),
  };
}

/** A manifest, signed, with the pointer to it. */
export async function newOffer(
  { manifest }: Pick<PublishedRelease, 'manifest'>,
  path: string,
  keys: readonly SigningKey[],
): Promise<Offer & { bytes: Uint8Array }> {
  const bytes = await signDocument(manifest, keys);
  const sha256 = await sha256Hex(bytes);
  return {
    bytes,
    pointer: { sequence: manifest.sequence, manifest: { path, bytes: bytes.length, sha256 } },
  };
}

function channelOf(
  publisher: Publisher,
  published: Published,
  { channel, current, candidate, blocked }: Intent,
): ChannelDocument {
  const { channel: before } = published;
  const root = lastRootOf(published);
  const now = nowOf(publisher);
  const version = before === undefined ? firstVersion(published, now) : before.document.version + 1;
  const wasReplaced = before !== undefined && before.rootVersion < root.version;
  const expires = now + (publisher.lifetimeMs ?? CHANNEL_LIFETIME_MS);
  return {
    type: 'channel',
    product: root.product,
    channel,
    version: wasReplaced && version > ABSURD_VERSION ? 1 : version,
    issued: timeText(now),
    expires: timeText(Math.min(expires, Date.parse(root.expires))),
    current: current.pointer,
    ...(candidate && {
      candidate: { ...candidate.pointer, rollout: candidate.rollout, salt: candidate.salt },
    }),
    blocked,
  };
}

/** Where a pointer was lost, clients remember its number: seconds since 1970 are above whatever was counted. */
function firstVersion({ highestSequence }: Published, now: number): number {
  return highestSequence === 0 ? 1 : Math.floor(now / 1_000);
}

/** As a client that has what was published before, and as one that is new. */
async function expectAccepted(
  publisher: Publisher,
  published: Published,
  bytes: Uint8Array,
  intent: Intent,
): Promise<void> {
  const { client, target } = publisher;
  const root = lastRootOf(published);
  const expectation = {
    root,
    channel: intent.channel,
    floor: published.channel?.floor,
    now: nowOf(publisher),
  };
  const verdict = await verifyChannel(bytes, expectation);
  if (!verdict.accepted) throw refusedBy(explain(verdict.refusal), POINTER);
  const { document } = verdict.value;
  for (const { pointer, bytes: fresh } of offersOf(intent)) {
    const manifest = fresh ?? (await target.get(pointer.manifest.path)) ?? new Uint8Array();
    const checked = await verifyManifest(manifest, { root, channel: document, pointer, client });
    if (!checked.accepted) throw refusedBy(explain(checked.refusal), pointer.manifest.path);
  }
}

function refusedBy(why: string, path: string): ReleaseError {
  return new ReleaseError('refused', `Clients would refuse ${path}: ${why}.`, {
    remedy: 'Nothing was published. Check the keys and the clock of this machine, and the draft.',
  });
}
