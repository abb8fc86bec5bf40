/** Which release of a verified channel a client shall have. */
import type { ChannelDocument, ReleasePointer } from './channel.ts';
import { isInRollout } from './rollout.ts';

/**
 * The candidate for those whom its roll-out reaches, else the current one; never one that is blocked, and never one below what is installed:
 * a publisher goes back by publishing old content under a new sequence. So a client that has a candidate keeps it when the roll-out is halted.
 * @param bucket of this client for the candidate's salt (`rolloutBucket`)
 * @param installed sequence of the release that is installed and still trusted
 * @returns undefined when there is nothing to install
 */
export function chooseRelease(
  { current, candidate, blocked }: ChannelDocument,
  bucket: number,
  installed = 0,
): ReleasePointer | undefined {
  const isFree = ({ manifest }: ReleasePointer) => !blocked.includes(manifest.sha256);
  const isOffered =
    candidate !== undefined && isInRollout(bucket, candidate.rollout) && isFree(candidate);
  const offered = isOffered ? candidate : current;
  return offered.sequence > installed && isFree(offered) ? offered : undefined;
}
