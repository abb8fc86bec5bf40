/**
 * `channel.json`, the one file that changes in place: which release is current, which is being rolled out, which must not be installed. Short-lived,
 * so that an old one can't be held before a client for long.
 */
import { FormatError } from '../../errors/index.ts';
import { integer, list, only, optional, type Reader, shape, text } from '../checked-json.ts';
import { checkSignatures, MAX_DOCUMENT_BYTES, openEnvelope } from './envelope.ts';
import { hash, isBefore, name, path, time } from './fields.ts';
import { isStillTrusted } from './role.ts';
import type { RootDocument } from './root.ts';
import { WHOLE_ROLLOUT } from './rollout.ts';
import { accept, refuse, type Refusal, type Verdict } from './verdict.ts';

/** A release, by the exact bytes of its manifest. */
export interface ReleasePointer {
  /** From 1, over all channels of the product. */
  readonly sequence: number;
  readonly manifest: { readonly path: string; readonly bytes: number; readonly sha256: string };
}

export interface ChannelDocument {
  readonly type: 'channel';
  readonly product: string;
  readonly channel: string;
  /** One higher each time the file is signed with other content. */
  readonly version: number;
  readonly issued: string;
  readonly expires: string;
  readonly current: ReleasePointer;
  /** Newer than `current`, for a part of the clients: `rollout` of 10,000 (`isInRollout`). */
  readonly candidate?: ReleasePointer & { readonly rollout: number; readonly salt: string };
  /** SHA-256 of manifests or plain indexes that must not be installed. */
  readonly blocked: readonly string[];
}

/** What a client keeps of the channel it accepted last, so that it takes no older one. */
export interface ChannelFloor {
  readonly version: number;
  /** Of the content that was signed. */
  readonly digest: string;
  /** Of `current`. */
  readonly sequence: number;
  /** Whose signatures counted. */
  readonly keyIds: readonly string[];
}

const MAX_BLOCKED = 1_000;
const pointerMembers = {
  sequence: integer(1),
  manifest: shape({ path, bytes: integer(1, MAX_DOCUMENT_BYTES), sha256: hash }),
};
const readMembers = shape({
  type: only('channel'),
  product: name,
  channel: name,
  version: integer(1),
  issued: time,
  expires: time,
  current: shape(pointerMembers),
  candidate: optional(
    shape({ ...pointerMembers, rollout: integer(0, WHOLE_ROLLOUT), salt: text(100) }),
  ),
  blocked: list(hash, MAX_BLOCKED),
});

export const readChannel: Reader<ChannelDocument> = (value, path) => {
  const document = readMembers(value, path);
  const { current, candidate, issued, expires } = document;
  if (candidate !== undefined && candidate.sequence <= current.sequence)
    throw new FormatError(
      `${path}.candidate.sequence`,
      `${candidate.sequence} is not above the current one, ${current.sequence}`,
    );
  if (issued >= expires) throw new FormatError(`${path}.expires`, 'is not after `issued`');
  return document;
};

export interface ChannelExpectation {
  /** The last root that was verified. */
  readonly root: RootDocument;
  readonly channel: string;
  /** Of the channel that was accepted last; absent at the first time. Expiry of that one takes nothing away from it. */
  readonly floor?: ChannelFloor | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Who signed is checked first, what it is for next, then its age, then its expiry, so that an expired one never moves the floor and
 * an old one never passes for being fresh.
 * @returns the document, and the floor to keep from now on
 */
export async function verifyChannel(
  bytes: Uint8Array,
  { root, channel, floor, now }: ChannelExpectation,
): Promise<Verdict<{ document: ChannelDocument; floor: ChannelFloor }>> {
  if (!isBefore(now, root.expires))
    return refuse({ reason: 'expired', what: 'root', expires: root.expires });
  const opened = await openEnvelope(bytes, readChannel);
  if (!opened.accepted) return opened;
  const { content: document, digest } = opened.value;
  const signatures = await checkSignatures(opened.value, root.roles.channel);
  if (!signatures.accepted) return signatures;
  if (document.product !== root.product)
    return refuse({
      reason: 'other-product',
      found: document.product,
      expected: root.product,
    });
  if (document.channel !== channel)
    return refuse({ reason: 'other-channel', found: [document.channel], expected: channel });
  const holds = floor !== undefined && (await isStillTrusted(root.roles.channel, floor.keyIds));
  const older = holds ? olderThan(floor, document, digest) : undefined;
  if (older !== undefined) return refuse(older);
  if (!isBefore(now, document.expires))
    return refuse({ reason: 'expired', what: 'channel', expires: document.expires });
  const { version, current } = document;
  const next = { version, digest, sequence: current.sequence, keyIds: signatures.value };
  return accept({ document, floor: next });
}

function olderThan(
  floor: ChannelFloor,
  { version, current }: ChannelDocument,
  digest: string,
): Refusal | undefined {
  if (version < floor.version)
    return { reason: 'older', what: 'version', found: version, stored: floor.version };
  if (version === floor.version && digest !== floor.digest)
    return { reason: 'conflicting', version };
  if (current.sequence < floor.sequence)
    return {
      reason: 'older',
      what: 'sequence',
      found: current.sequence,
      stored: floor.sequence,
    };
  return undefined;
}
