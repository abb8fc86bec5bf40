/** `evervec release publish`, and what is done with a release that is published. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { ChannelDocument } from '../../format/index.ts';
import {
  DRAFT_FILE,
  halt,
  keepPublished,
  promote,
  prune,
  publishDraft,
  type Publisher,
  type PublishOutcome,
  readDraft,
  renew,
  setRollout,
  yank,
} from '../../release/index.ts';
import { confirm } from '../confirm.ts';
import { print, printJson, Progress } from '../output.ts';
import { wholeNumber } from '../worker.ts';
import { draftFolder } from './draft-folder.ts';
import {
  configuredChannel,
  type PlaceOptions,
  publisherFor,
  type SigningOptions,
  withPlace,
  withSigning,
} from './place.ts';
import { describeChannel, share } from './words.ts';

interface PublishCommand extends SigningOptions {
  draft?: string;
  channel?: string;
  rollout?: number;
  releaseVersion?: string;
  notes?: string;
  force?: boolean;
  yes?: boolean;
  prune: boolean;
}

export function addPublish(release: Command): void {
  withSigning(release.command('publish'))
    .argument('<name>', 'of the release')
    .option('--draft <folder>', 'that was built (default: .evervec/releases/NAME)')
    .option(
      '--channel <name>',
      "of a target that has none yet (default: the configuration's, or 'stable')",
    )
    .option('--rollout <percent>', 'offer it to a part of the clients first', percent)
    .option('--release-version <text>', 'for people (default: date and number)')
    .option('--notes <text>', 'for people')
    .option('--force', 'publish also what is offered already')
    .option('--no-prune', 'keep files that nobody needs any more')
    .option('--yes', 'do not ask')
    .description('sign the draft of a release and offer it to clients')
    .action(run);
}

async function run(name: string, options: PublishCommand): Promise<void> {
  const folder = path.resolve(options.draft ?? draftFolder(options, name));
  const publisher = await publisherFor(name, options);
  if (!existsSync(path.join(folder, DRAFT_FILE)) && !options.force) {
    const kept = await keepPublished(publisher);
    if (kept !== undefined) return report(name, publisher, kept, options);
  }
  const draft = await readDraft(folder);
  const whom =
    options.rollout === undefined ? 'all clients' : `${share(options.rollout)} of clients`;
  const question = `Publish ${name} to ${publisher.target.name}, for ${whom}?`;
  // A job of an integration server has nobody to ask, and was started to publish.
  if (process.stdin.isTTY && !(await confirm(question, options.yes, '--yes')))
    return print('nothing was done');
  const progress = new Progress();
  const outcome = await publishDraft(
    publisher,
    { draft, folder },
    {
      channel: options.channel ?? (await configuredChannel(name, options)),
      rollout: options.rollout,
      version: options.releaseVersion,
      notes: options.notes,
      isForced: options.force,
      onProgress: (file, done, total) => progress.update(`${file}: ${done + 1} of ${total}`),
    },
  ).finally(() => progress.end());
  const removed = options.prune && outcome.outcome === 'published' ? await tidy(publisher) : 0;
  report(name, publisher, outcome, options);
  if (removed > 0 && !options.json)
    print(`${removed} files that nobody needs any more were removed`);
}

function report(
  name: string,
  { target }: Publisher,
  outcome: PublishOutcome,
  { json }: PlaceOptions,
): void {
  if (json) printJson({ release: name, target: target.name, ...outcome });
  else print(describe(name, outcome));
}

/** The release is published by then: what can't be removed now is removed another time. */
async function tidy(publisher: Publisher): Promise<number> {
  try {
    return (await prune(publisher)).removed.length;
  } catch (error) {
    process.stderr.write(
      `warning: old files are still there: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 0;
  }
}

const OUTCOMES = {
  published: 'is published',
  renewed: 'is published already; the channel was signed again',
  unchanged: 'is published already; nothing was done',
};

function describe(name: string, { outcome, sequence, version, channel }: PublishOutcome): string {
  return [
    `${name}: release ${sequence}, ${version}, ${OUTCOMES[outcome]}`,
    describeChannel(channel),
  ].join('\n');
}

export function addRenew(release: Command): void {
  withSigning(release.command('renew'))
    .argument('<name>', 'of the release')
    .description('sign the channel again, before it expires or after a key was replaced')
    .action(async (name: string, options: SigningOptions) => {
      tell(name, await renew(await publisherFor(name, options)), options);
    });
}

export function addPromote(release: Command): void {
  withSigning(release.command('promote'))
    .argument('<name>', 'of the release')
    .option('--rollout <percent>', 'do not end the roll-out, but widen or narrow it', percent)
    .description('offer the release that is being rolled out to everybody')
    .action(
      async (name: string, { rollout, ...options }: SigningOptions & { rollout?: number }) => {
        const publisher = await publisherFor(name, options);
        const channel =
          rollout === undefined ? await promote(publisher) : await setRollout(publisher, rollout);
        tell(name, channel, options);
      },
    );
}

export function addHalt(release: Command): void {
  withSigning(release.command('halt'))
    .argument('<name>', 'of the release')
    .description('offer the release that is being rolled out to nobody more')
    .action(async (name: string, options: SigningOptions) => {
      tell(name, await halt(await publisherFor(name, options)), options);
    });
}

export function addYank(release: Command): void {
  withSigning(release.command('yank'))
    .argument('<name>', 'of the release')
    .argument('<sequence>', 'of what is taken back', wholeNumber(1))
    .option(
      '--to <sequence>',
      'whose content takes its place (default: the one before)',
      wholeNumber(1),
    )
    .option('--yes', 'do not ask')
    .description('block a release, and offer older content in its place')
    .action(
      async (
        name: string,
        sequence: number,
        { to, yes, ...options }: SigningOptions & { to?: number; yes?: boolean },
      ) => {
        const publisher = await publisherFor(name, options);
        const question = `Take release ${sequence} of ${name} back from ${publisher.target.name}? It can never be offered again.`;
        if (!(await confirm(question, yes, '--yes'))) return print('nothing was done');
        const { channel, replacement } = await yank(publisher, sequence, { to });
        if (options.json)
          return printJson({ release: name, yanked: sequence, replacement, channel });
        print(
          replacement
            ? `${name}: release ${sequence} is blocked; release ${replacement.sequence} has the content of ${replacement.from}`
            : `${name}: release ${sequence} is blocked; it was not offered any more`,
        );
        print(describeChannel(channel));
      },
    );
}

export function addPrune(release: Command): void {
  withPlace(release.command('prune'))
    .argument('<name>', 'of the release')
    .option(
      '--grace-days <n>',
      'keep what was offered within, 0 to 3650',
      wholeNumber(0, 3_650),
      14,
    )
    .option('--dry-run', 'say only what would go')
    .description('remove files that no client needs any more')
    .action(
      async (
        name: string,
        { graceDays, dryRun, ...options }: PlaceOptions & { graceDays: number; dryRun?: boolean },
      ) => {
        const publisher = await publisherFor(name, options);
        const graceMs = graceDays * 86_400_000;
        const pruned = await prune(publisher, { graceMs, isDryRun: dryRun });
        if (options.json) return printJson({ ...pruned, dry_run: dryRun ?? false });
        for (const file of pruned.removed) print(file);
        const what = dryRun ? 'would be removed' : 'removed';
        print(`${pruned.removed.length} files, ${pruned.bytes.toLocaleString('en')} bytes ${what}`);
      },
    );
}

function tell(name: string, channel: ChannelDocument, { json }: PlaceOptions): void {
  if (json) return printJson({ release: name, channel });
  print(`${name}: ${describeChannel(channel)}`);
}

/** @returns parts of 10,000 */
function percent(text: string): number {
  const parts = Math.round(Number(text.replace(/%$/, '')) * 100);
  if (/^\d+(\.\d{1,2})?%?$/.test(text) && parts <= 10_000) return parts;
  throw new InvalidArgumentError(`${text} is no percentage from 0 to 100.`);
}
