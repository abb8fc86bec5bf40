/** A roll-out in steps: its share, its halt, its end. A server can call these too, when what clients report says so. */
import { ReleaseError } from '../errors/index.ts';
import { type ChannelDocument, WHOLE_ROLLOUT } from '../format/index.ts';
import { commit, type Intent } from './commit.ts';
import { showFixedFiles } from './fixed-files.ts';
import { type Publisher, readOwn } from './publisher.ts';
import { intentOf } from './renew.ts';

type WithCandidate = Intent & { readonly candidate: NonNullable<Intent['candidate']> };

/**
 * Those whom a smaller share reached are among those whom a larger one does. Takes the channel's key alone.
 * @param rollout 0 (nobody more) to 10,000 (everybody)
 * @param expected the candidate that is meant: another one is left alone
 * @throws ReleaseError when no release is being rolled out, or another
 */
export async function setRollout(
  publisher: Publisher,
  rollout: number,
  expected?: number,
): Promise<ChannelDocument> {
  if (!Number.isInteger(rollout) || rollout < 0 || rollout > WHOLE_ROLLOUT)
    throw new ReleaseError('refused', `A roll-out of ${rollout} is none.`, {
      remedy: `Give a whole number from 0 to ${WHOLE_ROLLOUT}.`,
      isUsage: true,
    });
  const published = await readOwn(publisher);
  const intent = withCandidate(publisher, intentOf(publisher, published), expected);
  return await commit(publisher, published, {
    ...intent,
    candidate: { ...intent.candidate, rollout },
  });
}

/** Nobody more is offered it; who has it keeps it. */
export async function halt(publisher: Publisher, expected?: number): Promise<ChannelDocument> {
  return await setRollout(publisher, 0, expected);
}

/** The candidate is for everybody from now on. */
export async function promote(publisher: Publisher): Promise<ChannelDocument> {
  const published = await readOwn(publisher);
  const { candidate, ...intent } = withCandidate(publisher, intentOf(publisher, published));
  const document = await commit(publisher, published, { ...intent, current: candidate });
  await showFixedFiles(publisher.target, document.current.sequence);
  return document;
}

function withCandidate(
  { target }: Publisher,
  { candidate, ...intent }: Intent,
  expected?: number,
): WithCandidate {
  if (candidate !== undefined && expected !== undefined && candidate.pointer.sequence !== expected)
    throw new ReleaseError(
      'nothing',
      `${target.name} rolls out release ${candidate.pointer.sequence}, not ${expected}.`,
      { remedy: 'Look at "evervec release list".', isUsage: true },
    );
  if (candidate !== undefined) return { ...intent, candidate };
  throw new ReleaseError('nothing', `No release is being rolled out on ${target.name}.`, {
    remedy: 'Publish one with --rollout first.',
    isUsage: true,
  });
}
