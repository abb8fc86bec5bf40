/** `evervec release list` and `show`: what lies on the target, checked. */
import type { Command } from 'commander';
import { EvervecError, ReleaseError } from '../../errors/index.ts';
import type { Published, PublishedRelease } from '../../release/index.ts';
import { formatTable, print, printable, printJson } from '../output.ts';
import { wholeNumber } from '../worker.ts';
import { describeHealth, healthOf } from './health.ts';
import { look, type PlaceOptions, type Seen, withPlace } from './place.ts';
import { describeChannel, share, size } from './words.ts';

export function addList(release: Command): void {
  withPlace(release.command('list'))
    .argument('<name>', 'of the release')
    .description('the releases on the target, and who is offered which')
    .action(async (name: string, options: PlaceOptions) => {
      const seen = await look(name, options);
      const { published, target } = seen;
      const releases = published.releases.map((one) => summaryOf(one, published));
      const channel = published.channel?.document ?? null;
      if (options.json)
        return printJson({
          target: target.name,
          verified: seen.isVerified,
          channel,
          problems: published.problems,
          releases,
        });
      if (channel === null) return print(`${target.name}: nothing is published`);
      const header = ['release', 'version', 'created', 'records', 'gzipped', 'deltas', 'state'];
      const rows = releases.map((one) => [
        one.sequence,
        one.version,
        one.created,
        one.records,
        size(one.gzip_bytes),
        one.deltas,
        one.state,
      ]);
      print(formatTable(header, rows));
      print(describeChannel(channel));
      warn(seen);
    });
}

export function addShow(release: Command): void {
  withPlace(release.command('show'))
    .argument('<name>', 'of the release')
    .argument('[sequence]', 'default: what everybody is offered', wholeNumber(1))
    .description('one release on the target: its manifest, and whether it is offered')
    .action(async (name: string, sequence: number | undefined, options: PlaceOptions) => {
      const seen = await look(name, options);
      const found = find(seen, sequence);
      const summary = summaryOf(found, seen.published);
      const channel = seen.published.channel?.document;
      const health = channel === undefined ? null : await tryHealth(name, channel.channel, options);
      if (options.json)
        return printJson({
          target: seen.target.name,
          verified: seen.isVerified,
          state: summary.state,
          root_version: found.rootVersion,
          pointer: found.pointer,
          manifest: found.manifest,
          health,
        });
      print(describe(found, summary));
      if (health !== null && channel !== undefined) print(describeHealth(health, channel));
      warn(seen);
    });
}

/** What lies on the target can be told without the database. */
async function tryHealth(name: string, channel: string, options: PlaceOptions) {
  try {
    return await healthOf(name, channel, options);
  } catch (error) {
    if (!EvervecError.isInstance(error)) throw error;
    process.stderr.write(`warning: what clients report is not known: ${error.message}\n`);
    return null;
  }
}

function find({ published, target }: Seen, sequence: number | undefined): PublishedRelease {
  const found =
    sequence === undefined
      ? published.current
      : published.releases.find(({ pointer }) => pointer.sequence === sequence);
  if (found !== undefined) return found;
  throw new ReleaseError(
    'nothing',
    `There is no release${sequence === undefined ? '' : ` ${sequence}`} on ${target.name}.`,
    { remedy: 'Look at "evervec release list".', isUsage: true },
  );
}

interface Summary {
  readonly sequence: number;
  readonly version: string;
  readonly created: string;
  readonly records: number;
  readonly gzip_bytes: number;
  readonly deltas: number;
  readonly state: string;
}

function summaryOf({ pointer, manifest }: PublishedRelease, published: Published): Summary {
  const { index, deltas, version, created } = manifest;
  return {
    sequence: pointer.sequence,
    version,
    created,
    records: index.records,
    gzip_bytes: Math.min(...index.files.map(({ bytes }) => bytes)),
    deltas: deltas.length,
    state: stateOf({ pointer, manifest }, published),
  };
}

function stateOf(
  { pointer, manifest }: Pick<PublishedRelease, 'pointer' | 'manifest'>,
  { channel }: Published,
): string {
  const { current, candidate, blocked = [] } = channel?.document ?? {};
  if ([pointer.manifest.sha256, manifest.index.sha256].some((one) => blocked.includes(one)))
    return 'blocked';
  if (pointer.sequence === current?.sequence) return 'current';
  if (candidate && pointer.sequence === candidate.sequence)
    return `candidate, ${share(candidate.rollout)}`;
  return pointer.sequence > ((candidate ?? current)?.sequence ?? 0) ? 'not offered' : 'older';
}

function describe({ manifest, pointer }: PublishedRelease, { state, gzip_bytes }: Summary): string {
  const { product, version, created, change, index, deltas, model, canaries, notes } = manifest;
  return [
    `${product} ${version}: release ${pointer.sequence}, ${state}`,
    `created   ${created}, ${change}, for Evervec ${manifest.minimumClient} and later`,
    `index     ${index.sha256}`,
    `          ${index.records} records, ${index.chunks} chunks of ${index.dimensions} dimensions, ${size(index.bytes)}, gzipped ${size(gzip_bytes)}`,
    `model     ${printable(model.id)}${model.download ? `, ${size(model.download.bytes)} go along` : ''}`,
    ...deltas.map(
      ({ from, files }) => `delta     from ${from.slice(0, 12)}: ${size(files[0]?.bytes ?? 0)}`,
    ),
    `proof     ${canaries.length} queries${manifest.recall === undefined ? '' : `; int8 keeps ${manifest.recall / 100} % of the ten nearest`}`,
    ...(notes === undefined ? [] : [`notes     ${printable(notes)}`]),
  ].join('\n');
}

function warn({ published, isVerified }: Seen): void {
  for (const problem of published.problems) process.stderr.write(`warning: ${problem}\n`);
  if (!isVerified)
    process.stderr.write(
      'warning: no keys are here, so who signed this was not checked (--keys)\n',
    );
}
