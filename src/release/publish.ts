/** Publishes a draft: data first, manifest next, pointer last. Killed anywhere, the pointer stands where it stood, and the next run goes on. */
import { randomUUID } from 'node:crypto';
import { ReleaseError } from '../errors/index.ts';
import { type ChannelDocument, type ReleaseManifest, timeText } from '../format/index.ts';
import { canonicalJson } from '../format/canonical-json.ts';
import { commit, newOffer } from './commit.ts';
import type { DraftManifest } from './draft.ts';
import { type DraftFolder, type OnPublishProgress, putFiles } from './draft-files.ts';
import { putFixedFiles, showFixedFiles } from './fixed-files.ts';
import { manifestPath } from './manifests.ts';
import type { Published, PublishedRelease } from './published.ts';
import { lastRootOf, nowOf, type Publisher, readOwn } from './publisher.ts';
import { intentOf, renewIfDue } from './renew.ts';

export const DEFAULT_CHANNEL = 'stable';

export interface PublishOptions {
  /** Default: the target's, else `stable`. */
  readonly channel?: string | undefined;
  /** 0 to 10,000: the share of clients that are offered it first. Default: all of them, at once. */
  readonly rollout?: number | undefined;
  /** For people; default the date and the sequence. */
  readonly version?: string | undefined;
  readonly notes?: string | undefined;
  /** Publishes also what is offered already. Default false. */
  readonly isForced?: boolean | undefined;
  readonly onProgress?: OnPublishProgress | undefined;
}

export interface PublishOutcome {
  /** `unchanged`: what is offered has this content already; `renewed`: and the channel was signed again. */
  readonly outcome: 'published' | 'renewed' | 'unchanged';
  readonly sequence: number;
  readonly version: string;
  readonly channel: ChannelDocument;
}

/**
 * @throws ReleaseError, ReleaseTargetError, ReleaseConflictError: the pointer is where it was
 */
export async function publishDraft(
  publisher: Publisher,
  source: DraftFolder,
  options: PublishOptions = {},
): Promise<PublishOutcome> {
  const published = await readOwn(publisher);
  const channel = channelName(publisher, published, options.channel);
  const newest = published.candidate ?? published.current;
  if (newest && !options.isForced && isSame(newest, source.draft.manifest))
    return await keep(publisher, published, newest);
  expectSomebodyElse(published, options.rollout);
  return await publishNew(publisher, published, source, { ...options, channel });
}

/**
 * Where a build found nothing new, so that there is no draft: what is offered stays, and is signed again when it is time.
 * @returns undefined where nothing is published
 */
export async function keepPublished(publisher: Publisher): Promise<PublishOutcome | undefined> {
  const published = await readOwn(publisher);
  const newest = published.candidate ?? published.current;
  return newest && (await keep(publisher, published, newest));
}

async function keep(
  publisher: Publisher,
  published: Published,
  { manifest: { sequence, version } }: PublishedRelease,
): Promise<PublishOutcome> {
  const renewed = await renewIfDue(publisher, published);
  const channel = renewed ?? intentOf(publisher, published).document;
  await showFixedFiles(publisher.target, channel.current.sequence);
  return { outcome: renewed ? 'renewed' : 'unchanged', sequence, version, channel };
}

async function publishNew(
  publisher: Publisher,
  published: Published,
  source: DraftFolder,
  { channel, rollout, version, notes, onProgress }: PublishOptions & { channel: string },
): Promise<PublishOutcome> {
  const { target } = publisher;
  const root = lastRootOf(published);
  const keys = await publisher.keys('release', root);
  // That it is missing is better said before a long upload than after.
  await publisher.keys('channel', root);
  const sequence = published.highestSequence + 1;
  const content = await putFiles(source, target, onProgress);
  await putFixedFiles(source, target, sequence);
  const created = timeText(nowOf(publisher));
  const manifest: ReleaseManifest = {
    ...content,
    type: 'release',
    product: root.product,
    channels: [channel],
    sequence,
    version: version ?? `${created.slice(0, 10).replaceAll('-', '.')}-${sequence}`,
    created,
    ...(notes !== undefined && { notes }),
  };
  const offer = await newOffer({ manifest }, manifestPath(sequence), keys);
  const { current } = published;
  const blocked = published.channel?.document.blocked ?? [];
  const document = await commit(publisher, published, {
    channel,
    blocked,
    ...(rollout === undefined || current === undefined
      ? { current: offer }
      : { current, candidate: { ...offer, rollout, salt: randomUUID() } }),
  });
  await showFixedFiles(target, document.current.sequence);
  return { outcome: 'published', sequence, version: manifest.version, channel: document };
}

/** The content is what counts: deltas follow from what was published before. */
function isSame({ manifest }: PublishedRelease, draft: DraftManifest): boolean {
  const content = ({ model, index, canaries, minimumClient }: DraftManifest) =>
    canonicalJson({
      model: [model.id, model.fingerprint, model.download?.sha256 ?? null],
      index: [index.sha256, index.minimumReader],
      canaries,
      minimumClient,
    });
  return content(manifest) === content(draft);
}

export function channelName(
  { target }: Pick<Publisher, 'target'>,
  { channel }: Published,
  wanted: string | undefined,
): string {
  const found = channel?.document.channel;
  if (found === undefined || wanted === undefined || found === wanted)
    return found ?? wanted ?? DEFAULT_CHANNEL;
  throw new ReleaseError('refused', `${target.name} holds the channel ${found}, not ${wanted}.`, {
    remedy: `Give the channel ${wanted} a folder of its own: a client reads one channel by its address.`,
    isUsage: true,
  });
}

function expectSomebodyElse({ current, problems }: Published, rollout: number | undefined): void {
  if (rollout === undefined || current !== undefined) return;
  if (problems[0] !== undefined)
    throw new ReleaseError('published', problems[0], {
      remedy: 'Publish without --rollout, which mends it.',
      isUsage: true,
    });
  throw new ReleaseError('refused', 'The first release can not be rolled out in steps.', {
    remedy: 'Publish it without --rollout: those whom a step leaves out would have nothing.',
    isUsage: true,
  });
}
