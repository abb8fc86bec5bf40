/** Which release this client shall have: keys, channel and manifest, each verified before the next is believed. Fetches no index. */
import { ReleaseUpdateError } from '../../errors/release-update-error.ts';
import {
  type ChannelDocument,
  chooseRelease,
  isStillTrusted,
  readRoot,
  type ReleasePointer,
  rolloutBucket,
  type RootDocument,
  type Verdict,
  verifyChannel,
  verifyManifest,
  verifyNextRoot,
  verifyRoot,
} from '../../format/index.ts';
import { VERSION } from '../../runtime/version.ts';
import { fromMirrors } from '../mirrors.ts';
import { type Offer, refused, report, type Session, stampOf } from '../session.ts';

/** Bytes; the format's limit of a document. */
const DOCUMENT = 1_048_576;
/** Of new keys in one check; the next check goes on. */
const MAX_ROOTS = 1_000;
const OPENING_BRACE = 0x7b;
/** What a host may say of a file that is not there; buckets that can't be listed say 403. */
const MISSING: ReadonlySet<number | null> = new Set([403, 404, 410]);

/**
 * Sets `session.offer`. What was staged and is not offered any more is dropped.
 * @throws ReleaseUpdateError
 */
export async function checkForUpdate(session: Session): Promise<void> {
  session.stage = 'check';
  session.attempt = null;
  const { ledger } = session;
  const root = await followRoots(session);
  const channel = await fetchChannel(session, root);
  const pointer = await choose(session, root, channel);
  session.offer =
    pointer === undefined ? null : await fetchManifest(session, root, channel, pointer);
  const offered = session.offer?.sha256;
  await ledger.change((state) => ({
    ...state,
    checkedAt: stampOf(session),
    staged: state.staged?.manifest === offered ? state.staged : null,
  }));
  report(session, 'checked');
}

/** From the keys that the app brings, or that were reached before, to the newest. Each step is kept, so that a later one can fail. */
async function followRoots(session: Session): Promise<RootDocument> {
  const { ledger, options } = session;
  const anchor = options.rootKeys;
  let root = storedRoot(ledger.state.root);
  if (root === undefined || root.version < anchor.version || root.product !== anchor.product) {
    const number = anchor.version;
    root = await fetchRoot(session, number, (bytes) => verifyRoot(bytes, anchor));
    if (root === undefined)
      throw new ReleaseUpdateError('UNREACHABLE', `root.${number}.json is not there.`);
  }
  for (let step = 0; step < MAX_ROOTS; step++) {
    const current: RootDocument = root;
    const next = await fetchRoot(session, current.version + 1, (bytes) =>
      verifyNextRoot(bytes, current),
    );
    if (next === undefined) break;
    root = next;
  }
  return root;
}

function storedRoot(spelt: string | null): RootDocument | undefined {
  if (spelt === null) return undefined;
  try {
    const envelope: unknown = JSON.parse(spelt);
    return readRoot(Reflect.get(Object(envelope), 'signed'), '$.signed');
  } catch {
    return undefined;
  }
}

/** @returns undefined when there is none of that number */
async function fetchRoot(
  { web, ledger, options }: Session,
  number: number,
  verify: (bytes: Uint8Array) => Promise<Verdict<RootDocument>>,
): Promise<RootDocument | undefined> {
  const path = `root.${number}.json`;
  const remote = { ...documentAt(path, true), isAnswer: isMissing };
  try {
    return await fromMirrors(web, remote, async (bytes) => {
      // Hosts of single-page apps answer with their page for whatever they do not have.
      if (bytes[0] !== OPENING_BRACE)
        throw new ReleaseUpdateError('UNREACHABLE', `${path} is a page.`, { status: 404 });
      const verdict = await verify(bytes);
      if (!verdict.accepted) throw refused(path, verdict.refusal, options.clock.now());
      const root = new TextDecoder().decode(bytes);
      await ledger.change((state) => ({ ...state, root }));
      return verdict.value;
    });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof ReleaseUpdateError && MISSING.has(error.status);
}

async function fetchChannel(session: Session, root: RootDocument): Promise<ChannelDocument> {
  const { web, ledger, options } = session;
  const path = 'channel.json';
  return await fromMirrors(web, documentAt(path, true), async (bytes) => {
    const now = options.clock.now();
    const floor = ledger.state.floor ?? undefined;
    const expected = { root, channel: options.channel, floor, now };
    const verdict = await verifyChannel(bytes, expected);
    if (!verdict.accepted) throw refused(path, verdict.refusal, now);
    const { value } = verdict;
    if (value.floor.digest !== floor?.digest)
      await ledger.change((state) => ({ ...state, floor: value.floor }));
    return value.document;
  });
}

/** What did not do on this device counts as blocked. */
async function choose(
  { ledger, searched, isModelMissing }: Session,
  root: RootDocument,
  channel: ChannelDocument,
): Promise<ReleasePointer | undefined> {
  const { installId, quarantined } = ledger.state;
  const isTrusted =
    searched !== null &&
    searched.origin === 'release' &&
    (await isStillTrusted(root.roles.release, searched.keyIds));
  // To have its model again is to have it again.
  const installed = isTrusted ? searched.sequence - (isModelMissing ? 1 : 0) : 0;
  const bucket = await rolloutBucket(channel.candidate?.salt ?? '', installId);
  const blocked = [...channel.blocked, ...quarantined];
  return chooseRelease({ ...channel, blocked }, bucket, installed);
}

async function fetchManifest(
  session: Session,
  root: RootDocument,
  channel: ChannelDocument,
  pointer: ReleasePointer,
): Promise<Offer> {
  const { web, options } = session;
  const { path, bytes: maximumBytes, sha256 } = pointer.manifest;
  const remote = { ...documentAt(path, false), maximumBytes };
  return await fromMirrors(web, remote, async (bytes) => {
    const expected = { root, channel, pointer, client: VERSION };
    const verdict = await verifyManifest(bytes, expected);
    if (!verdict.accepted) throw refused(path, verdict.refusal, options.clock.now());
    return { ...verdict.value, sha256 };
  });
}

function documentAt(path: string, isMutable: boolean) {
  return { path, maximumBytes: DOCUMENT, maximumGzipBytes: DOCUMENT, isMutable };
}
