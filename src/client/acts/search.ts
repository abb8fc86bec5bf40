/** Searches what is installed, and finds out by that whether a new release is any good. */
import { EvervecError } from '../../errors/evervec-error.ts';
import { ReleaseUpdateError } from '../../errors/release-update-error.ts';
import type { PageSearchRequest, PageSearchResponse } from '../index-host.ts';
import type { Session } from '../session.ts';
import { changeActive } from './install.ts';

/** So many good answers, and a release is held to be good. */
const GOOD_QUERIES = 3;

/** @param leave goes back to the release before, which then answers */
export async function searchInstalled(
  session: Session,
  request: PageSearchRequest,
  signal: AbortSignal | undefined,
  leave: () => Promise<void>,
): Promise<PageSearchResponse> {
  const { searched, options } = session;
  if (searched === null) throw new ReleaseUpdateError('NO_INDEX', 'No release is installed yet.');
  try {
    const response = await options.host.search(request, signal);
    await confirm(session);
    return response;
  } catch (error) {
    if (signal?.aborted === true) throw error;
    const isReplaced = session.searched !== null && session.searched !== searched;
    const isOurs = EvervecError.isInstance(error) && (error.isUsage || error.isRetryable);
    if (!isReplaced) {
      if (isOurs || searched.isConfirmed || session.ledger.state.previous === null) throw error;
      await leave();
    }
    return await options.host.search(request, signal);
  }
}

/** That it could not be written down is no fault of the search. */
async function confirm(session: Session): Promise<void> {
  const { searched, options } = session;
  if (searched === null || searched.isConfirmed) return;
  if (++session.goodQueries !== GOOD_QUERIES) return;
  try {
    await changeActive(session, searched, { isConfirmed: true });
    session.searched = { ...searched, isConfirmed: true };
  } catch (error) {
    options.debug('not confirmed', { error: String(error) });
  }
}
