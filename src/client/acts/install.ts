/** What is searched: opened at the start, changed in one step, changed back. Whatever happens, that is the new release or the one before, whole. */
import { EvervecError } from '../../errors/evervec-error.ts';
import { FormatError } from '../../errors/format-error.ts';
import { ReleaseUpdateError } from '../../errors/release-update-error.ts';
import { sha256Hex } from '../../format/index.ts';
import type { ReleaseClientEvents } from '../events.ts';
import { readInstalled, type Stored } from '../ledger.ts';
import {
  infoOf,
  infoOrNull,
  type Opening,
  report,
  type Session,
  stampOf,
  tellProgress,
} from '../session.ts';
import { type Installed, withActive, withoutActive, withQuarantined } from '../state.ts';

type Bytes = Uint8Array<ArrayBuffer>;
type Why = ReleaseClientEvents['rolledBack']['why'];

/** After so many times in which opening did not end, the release is held to be what ends the page. */
const MAX_OPENINGS = 3;

/** The active release, else the one before, else none. What is missing or damaged is no fault of the release: it may be fetched again. */
export async function openStored(session: Session): Promise<void> {
  const { ledger } = session;
  for (let left = 2; left > 0 && ledger.state.active !== null; left--) {
    const { active } = ledger.state;
    const why = await openOrSay(session, active);
    if (why === null) return;
    const isBad = why === 'opening';
    const { active: to } = await ledger.change((state) =>
      isBad ? withoutActive(state) : { ...state, active: state.previous, previous: null },
    );
    const { sequence, version } = active;
    if (isBad) report(session, 'rolledBack', { sequence, version, why: 'opening' });
    session.events.emit('rolledBack', { from: infoOf(active), to: infoOrNull(to), why });
  }
}

/** @returns why it can't be used, or null when it is */
async function openOrSay(session: Session, active: Installed): Promise<Why | null> {
  const { ledger } = session;
  if (!active.isConfirmed && active.openings >= MAX_OPENINGS) return 'opening';
  const count = async (openings: number) =>
    active.isConfirmed ||
    (await changeActive(session, active, { openings }).catch((error: unknown) => {
      session.options.debug('opening not counted', { error: String(error) });
    }));
  await count(active.openings + 1);
  const stored = await readInstalled(ledger, active);
  if (stored === undefined) return 'damaged';
  try {
    await searchStored(session, active, stored);
  } catch (error) {
    // That the place of search failed is no fault of the release.
    if (!(error instanceof FormatError)) throw error;
    session.options.debug('not opened', { error: String(error) });
    return 'opening';
  }
  await count(0);
  return null;
}

/** From staged to searched. */
export async function activate(session: Session): Promise<void> {
  session.stage = 'install';
  const { ledger, searched } = session;
  const { staged } = ledger.state;
  if (staged === null) throw new ReleaseUpdateError('NO_UPDATE', 'Nothing was downloaded.');
  session.attempt = { sequence: staged.sequence, version: staged.version };
  const opening = await openStaged(session, staged);
  tellProgress(session, 'install', 0, staged.index.bytes);
  await tryOut(session, staged, opening);
  tellProgress(session, 'install', 50, staged.index.bytes);
  await changeOver(session, staged);
  tellProgress(session, 'install', 100, staged.index.bytes);
  complete(session, searched);
}

/** The host may have it since it was downloaded. */
async function openStaged(session: Session, { index }: Installed): Promise<Opening> {
  const { ledger, opening } = session;
  if (opening?.sha256 === index.sha256) return opening;
  const bytes = await ledger.read(index.sha256);
  if (bytes === undefined) {
    await ledger.change((state) => ({ ...state, staged: null }));
    throw new ReleaseUpdateError('DAMAGED', 'What was downloaded is not there any more.');
  }
  return openInHost(session, index.sha256, bytes);
}

/** Asks it, beside the other, what it says it can answer; else it is not taken again. */
async function tryOut(session: Session, staged: Installed, opening: Opening): Promise<void> {
  const { host } = session.options;
  try {
    const summary = await opening.summary;
    if (summary.model.fingerprint !== staged.model.fingerprint)
      throw new ReleaseUpdateError('UNUSABLE', 'Manifest and index name different models.');
    const failed = await host.checkCanaries(staged.canaries);
    if (failed.length > 0)
      throw new ReleaseUpdateError(
        'CANARY',
        `${failed.length} of ${staged.canaries.length} canary queries do not find what they should.`,
      );
  } catch (error) {
    await discardOpening(session);
    if (!EvervecError.isInstance(error) || error.isRetryable) throw error;
    await session.ledger.change((state) => ({
      ...withQuarantined(state, staged.manifest),
      staged: null,
    }));
    session.offer = null;
    if (error instanceof ReleaseUpdateError) throw error;
    throw new ReleaseUpdateError('UNUSABLE', 'The index can not be opened.', { cause: error });
  }
}

/** The store first: a page that ends here starts with the new one. */
async function changeOver(session: Session, next: Installed): Promise<void> {
  const { ledger } = session;
  const now = stampOf(session);
  try {
    await ledger.change((state) => withActive(state, { ...next, installedAt: now }));
  } catch (error) {
    await discardOpening(session);
    throw error;
  }
  session.offer = null;
  session.goodQueries = 0;
  const { active } = ledger.state;
  const model = next.model.sha256;
  const bytes = model === null ? undefined : await ledger.read(model);
  await showInHost(session, active ?? next, bytes);
  await sweep(session);
}

/** Gives it to the host, beside what is searched: whoever awaits the summary hears of a failure. @param index the host takes its buffer */
export function openInHost(session: Session, sha256: string, index: Bytes): Opening {
  const summary = session.options.host.stage(index);
  summary.catch(() => {});
  session.opening = { sha256, summary };
  return session.opening;
}

export async function discardOpening(session: Session): Promise<void> {
  session.opening = null;
  await session.options.host.discard().catch(() => {});
}

async function searchStored(
  session: Session,
  installed: Installed,
  { index, model }: Stored,
): Promise<void> {
  await openInHost(session, installed.index.sha256, index).summary;
  await showInHost(session, installed, model);
}

async function showInHost(
  session: Session,
  installed: Installed,
  model: Bytes | undefined,
): Promise<void> {
  const { host, debug } = session.options;
  const { sha256, fingerprint } = installed.model;
  if (model !== undefined && sha256 !== session.loadedModel) {
    try {
      await host.loadModel(model, fingerprint);
      session.loadedModel = sha256;
    } catch (error) {
      // Its words are found all the same.
      debug('model not loaded', { error: String(error) });
    }
  }
  await host.promote();
  session.opening = null;
  session.searched = installed;
  session.isModelMissing = sha256 !== null && model === undefined;
}

function complete(session: Session, before: Installed | null): void {
  const { searched, events } = session;
  if (searched === null) return;
  report(session, 'installed');
  events.emit('updateCompleted', {
    release: infoOf(searched),
    before: infoOrNull(before),
    isElsewhere: false,
  });
}

/** To the one before; this one is not taken again until `forceUpdate`. @throws ReleaseUpdateError `NO_PREVIOUS` */
export async function rollBack(session: Session, why: 'asked' | 'search'): Promise<void> {
  session.stage = 'install';
  const { ledger, searched } = session;
  const { previous } = await ledger.reload();
  const stored = previous === null ? undefined : await readInstalled(ledger, previous);
  if (previous === null || stored === undefined || searched === null)
    throw new ReleaseUpdateError('NO_PREVIOUS', 'There is no release before this one.');
  await openInHost(session, previous.index.sha256, stored.index).summary;
  await ledger.change(withoutActive);
  session.offer = null;
  await showInHost(session, { ...previous, isConfirmed: true }, stored.model);
  await sweep(session);
  const { sequence, version } = searched;
  report(session, 'rolledBack', { sequence, version, why });
  session.events.emit('rolledBack', { from: infoOf(searched), to: infoOf(previous), why });
}

/** What another tab made the active release. */
export async function adopt(session: Session): Promise<void> {
  const { ledger, searched } = session;
  const { active } = await ledger.reload();
  if (active?.index.sha256 === searched?.index.sha256) {
    session.searched = active;
    return;
  }
  if (active === null) {
    session.searched = null;
    return;
  }
  const stored = await readInstalled(ledger, active);
  if (stored === undefined) return;
  await searchStored(session, active, stored);
  session.offer = null;
  const before = infoOrNull(searched);
  session.events.emit('updateCompleted', { release: infoOf(active), before, isElsewhere: true });
}

/** Into a place of search that died and was started again: what it had. */
export async function putBack(session: Session): Promise<void> {
  const { searched, ledger } = session;
  const stored = searched === null ? undefined : await readInstalled(ledger, searched);
  if (searched === null || stored === undefined) return;
  session.loadedModel = null;
  await searchStored(session, searched, stored);
}

/** The last resort. @throws what `generateLocally` throws, FormatError */
export async function installLocal(session: Session, index: Bytes): Promise<void> {
  session.stage = 'install';
  const { ledger } = session;
  const sha256 = await sha256Hex(index);
  const { length } = index;
  await ledger.write(sha256, index);
  const { model } = await openInHost(session, sha256, index).summary;
  await changeOver(session, {
    origin: 'local',
    sequence: 0,
    version: 'local',
    manifest: '',
    keyIds: [],
    canaries: [],
    index: { sha256, bytes: length },
    model: { fingerprint: model.fingerprint, sha256: null },
    installedAt: stampOf(session),
    isConfirmed: false,
    openings: 0,
  });
  complete(session, null);
}

/** Nothing where another tab has changed to another one meanwhile. */
export async function changeActive(
  { ledger }: Session,
  { manifest }: Installed,
  changes: Partial<Installed>,
): Promise<void> {
  await ledger.change((state) =>
    state.active?.manifest === manifest
      ? { ...state, active: { ...state.active, ...changes } }
      : state,
  );
}

async function sweep({ ledger, options }: Session): Promise<void> {
  await ledger.sweep().catch((error: unknown) => {
    options.debug('not swept', { error: String(error) });
  });
}
