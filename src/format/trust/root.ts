/**
 * Whom a client believes: `root.N.json`. A client begins with keys that came with the app, and goes from each root to the next; there is no other
 * way to new keys. Intermediate roots may have expired, the last one may not, which `verifyChannel` looks at.
 */
import { integer, only, shape } from '../checked-json.ts';
import { checkSignatures, type Envelope, openEnvelope } from './envelope.ts';
import { name, time } from './fields.ts';
import { readRole, type Role } from './role.ts';
import { accept, refuse, type Verdict } from './verdict.ts';

/** Pinned in the app. */
export interface TrustAnchor {
  readonly product: string;
  /** The N of the first `root.N.json` to read: the one that `root` signed. */
  readonly version: number;
  readonly root: Role;
}

export interface RootDocument {
  readonly type: 'root';
  readonly product: string;
  /** N, from 1. */
  readonly version: number;
  readonly expires: string;
  readonly roles: { readonly root: Role; readonly release: Role; readonly channel: Role };
}

export const readRoot = shape({
  type: only('root'),
  product: name,
  version: integer(1),
  expires: time,
  roles: shape({ root: readRole, release: readRole, channel: readRole }),
});

/** The first root: signed by what is pinned, and by its own root role. */
export async function verifyRoot(
  bytes: Uint8Array,
  anchor: TrustAnchor,
): Promise<Verdict<RootDocument>> {
  return await verify(bytes, anchor.root, anchor.product, anchor.version);
}

/** The root after `current`: one higher, signed by the old root role and by the new one. */
export async function verifyNextRoot(
  bytes: Uint8Array,
  current: RootDocument,
): Promise<Verdict<RootDocument>> {
  return await verify(bytes, current.roles.root, current.product, current.version + 1);
}

/**
 * Any number of rotations.
 * @param documents `root.N+1.json`, `root.N+2.json`, …, as many as there are
 * @returns the last root; or the refusal of the first that does not follow, with the last that did
 */
export async function verifyRootChain(
  current: RootDocument,
  documents: Iterable<Uint8Array>,
): Promise<Verdict<RootDocument> & { last: RootDocument }> {
  let last = current;
  for (const bytes of documents) {
    const verdict = await verifyNextRoot(bytes, last);
    if (!verdict.accepted) return { ...verdict, last };
    last = verdict.value;
  }
  return { ...accept(last), last };
}

async function verify(
  bytes: Uint8Array,
  signedBy: Role,
  product: string,
  version: number,
): Promise<Verdict<RootDocument>> {
  const opened = await openEnvelope(bytes, readRoot);
  if (!opened.accepted) return opened;
  const envelope: Envelope<RootDocument> = opened.value;
  const root = envelope.content;
  for (const role of [signedBy, root.roles.root]) {
    const signatures = await checkSignatures(envelope, role);
    if (!signatures.accepted) return signatures;
  }
  if (root.product !== product)
    return refuse({ reason: 'other-product', found: root.product, expected: product });
  if (root.version !== version)
    return refuse({ reason: 'other-number', found: root.version, expected: version });
  return accept(root);
}
