/** `evervec release build`: the draft of a release, from what is searchable now. */
import path from 'node:path';
import type { Command } from 'commander';
import type { ReleaseBuilt } from '../../engine/index.ts';
import {
  type BuildStage,
  DEFAULT_KEYS,
  readPublished,
  type ReleaseBase,
  type TargetOptions,
} from '../../release/index.ts';
import { print, printJson, Progress } from '../output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from '../session.ts';
import { draftFolder } from './draft-folder.ts';
import { trustOrNone } from './place.ts';
import { parseTarget, targetOf } from './target-of.ts';
import { size } from './words.ts';

interface Options extends CommonOptions {
  out?: string;
  target?: string;
  keys?: string;
  force?: boolean;
  allowStale?: boolean;
}

export function addBuild(release: Command): void {
  withCommonOptions(release.command('build'))
    .argument('<name>', 'of a release in the configuration, or of a source')
    .option('--out <folder>', 'for the draft (default: .evervec/releases/NAME)')
    .option(
      '--target <where>',
      "what is published: a folder or s3://bucket/prefix (default: the configuration's)",
    )
    .option('--keys <folder>', `that what is published is checked by (default: ${DEFAULT_KEYS})`)
    .option('--force', 'build also what is published already')
    .option('--allow-stale', 'build what there is while records wait or failed')
    .description('build a release from what is searchable, ready to be published')
    .action(run);
}

const STAGES: Record<BuildStage, string> = {
  reading: 'reading records',
  encoding: 'encoding the index',
  compressing: 'compressing and proving it',
  comparing: 'comparing with what clients have',
  writing: 'writing the draft',
};

async function run(name: string, options: Options): Promise<void> {
  const folder = options.out === undefined ? draftFolder(options, name) : path.resolve(options.out);
  const progress = new Progress();
  const built = await withEvervec(options, async ({ releases }) => {
    const bases = await basesOf(releases.optionsOf(name).target, options);
    return await releases.build(name, {
      folder,
      bases,
      force: options.force,
      allowStale: options.allowStale,
      onProgress: (stage, done, total) =>
        progress.update(
          `${STAGES[stage]}${done === undefined ? '' : `: ${done}${total === undefined ? '' : ` of ${total}`}`}`,
        ),
    });
  }).finally(() => progress.end());
  if (options.json) return printJson(built);
  print(describe(built));
}

/** What clients have by now, newest first; nothing where nothing is published, or no place is named for it. */
async function basesOf(
  configured: TargetOptions | undefined,
  options: Options,
): Promise<readonly ReleaseBase[]> {
  const target = options.target === undefined ? configured : parseTarget(options.target);
  if (target === undefined) return [];
  const trust = await trustOrNone(options);
  const by = trust && { anchor: trust.anchor, roots: trust.files };
  return (await readPublished(targetOf(target), by)).recent;
}

const LEFT_OUT = {
  same: 'none needed: the same index',
  model: 'none: another model',
  size: 'none: over 30 % of the index',
  unreadable: 'none: the older index can’t be read',
};

function describe({ release, outcome, records, stale, sha256, draft }: ReleaseBuilt): string {
  const left = stale === 0 ? [] : [`${stale} records were not current`];
  if (outcome === 'unchanged' || draft === undefined)
    return [
      `${release}: nothing changed, ${short(sha256)} is published (--force builds it)`,
      ...left,
    ].join('\n');
  return [
    `${release}: ${records} records, ${draft.chunks} chunks of ${draft.dimensions} dimensions by ${draft.model}`,
    `index     ${short(sha256)}, ${size(draft.bytes)}, gzipped ${size(draft.gzip_bytes)}`,
    ...(draft.model_bytes > 0
      ? [`model     ${size(draft.model_bytes)} gzipped, loaded once by a page`]
      : []),
    ...draft.deltas.map(
      ({ from, bytes, left_out }) =>
        `delta     from ${short(from)}: ${bytes === null ? LEFT_OUT[left_out ?? 'size'] : `${size(bytes)} gzipped`}`,
    ),
    `change    ${draft.change}`,
    `proof     ${draft.canaries} queries${draft.recall === null ? '' : `; int8 keeps ${(100 * draft.recall).toFixed(1)} % of the ten nearest`}`,
    ...left,
    `draft     ${draft.folder}`,
  ].join('\n');
}

function short(sha256: string): string {
  return sha256.slice(0, 12);
}
