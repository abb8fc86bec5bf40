/** Signs the channel again: before it expires, and after a key was replaced. What it offers stays the same. */
import { ReleaseError } from '../errors/index.ts';
import type { ChannelDocument } from '../format/index.ts';
import { commit, type Intent } from './commit.ts';
import { showFixedFiles } from './fixed-files.ts';
import type { Published, PublishedRelease } from './published.ts';
import { CHANNEL_LIFETIME_MS, lastRootOf, nowOf, type Publisher, readOwn } from './publisher.ts';

/** @throws ReleaseError when nothing was ever published */
export async function renew(publisher: Publisher): Promise<ChannelDocument> {
  const published = await readOwn(publisher);
  const document = await commit(publisher, published, intentOf(publisher, published));
  await showFixedFiles(publisher.target, document.current.sequence);
  return document;
}

/** @returns undefined when more than half of the time is left, and the last root's keys signed all of it */
export async function renewIfDue(
  publisher: Publisher,
  published: Published,
): Promise<ChannelDocument | undefined> {
  return isDue(publisher, published)
    ? await commit(publisher, published, intentOf(publisher, published))
    : undefined;
}

function isDue(publisher: Publisher, published: Published): boolean {
  const { channel, current, candidate } = published;
  const last = lastRootOf(published).version;
  const signed = [channel, current, candidate].filter((one) => one !== undefined);
  if (signed.some(({ rootVersion }) => rootVersion < last)) return true;
  const half = (publisher.lifetimeMs ?? CHANNEL_LIFETIME_MS) / 2;
  return Date.parse(channel?.document.expires ?? '') - nowOf(publisher) < half;
}

/** What the channel says now. */
export function intentOf(
  { target }: Pick<Publisher, 'target'>,
  { channel, current, candidate, problems }: Published,
): Intent & { current: PublishedRelease; document: ChannelDocument } {
  if (problems[0] !== undefined)
    throw new ReleaseError('published', problems[0], {
      remedy: 'Publish again, with --force if nothing changed: the next release does not need it.',
    });
  if (channel === undefined || current === undefined)
    throw new ReleaseError('nothing', `Nothing is published on ${target.name}.`, {
      remedy: 'Publish a release first: "evervec release publish".',
      isUsage: true,
    });
  const { rollout = 0, salt = '' } = channel.document.candidate ?? {};
  return {
    channel: channel.document.channel,
    current,
    ...(candidate && { candidate: { ...candidate, rollout, salt } }),
    blocked: channel.document.blocked,
    document: channel.document,
  };
}
