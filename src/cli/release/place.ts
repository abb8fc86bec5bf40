/** What commands about published releases begin with: which target, whose keys. None of them opens a database. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { type Config, VERSION } from '../../engine/index.ts';
import { ConfigError } from '../../errors/index.ts';
import {
  DEFAULT_KEYS,
  keysOf,
  type Published,
  type Publisher,
  readPublished,
  readTrust,
  type ReleaseTarget,
  type TargetOptions,
  type Trust,
  TRUST,
} from '../../release/index.ts';
import { type CommonOptions, environmentOf, resolveConfig } from '../session.ts';
import { wholeNumber } from '../worker.ts';
import { parseTarget, targetOf } from './target-of.ts';

export interface PlaceOptions extends Pick<CommonOptions, 'config' | 'json'> {
  target?: string;
  keys?: string;
}

export interface SigningOptions extends PlaceOptions {
  validDays?: number;
}

export function withPlace(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file (default: evervec.config.ts here)')
    .option('--target <where>', "a folder or s3://bucket/prefix (default: the configuration's)")
    .option('--keys <folder>', `of the keys (default: ${DEFAULT_KEYS})`)
    .option('--json', 'print JSON');
}

/** For what signs the channel. */
export function withSigning(command: Command): Command {
  return withPlace(command).option(
    '--valid-days <n>',
    'how long the channel is good for, 1 to 365 (default: 3)',
    wholeNumber(1, 365),
  );
}

/** @throws ConfigError when neither option nor configuration names one */
export async function targetFor(name: string, options: PlaceOptions): Promise<ReleaseTarget> {
  if (options.target !== undefined) return targetOf(parseTarget(options.target));
  return targetOf(await configuredTarget(name, options));
}

export async function configuredTarget(
  name: string,
  options: PlaceOptions,
): Promise<TargetOptions> {
  const releases = await configuredReleases(options);
  const target = Object.hasOwn(releases, name) ? releases[name]?.target : undefined;
  if (target !== undefined) return target;
  const known = Object.keys(releases).join(', ') || '(none)';
  throw new ConfigError(`There is no place to publish "${name}" to.`, {
    remedy: `Set releases.${name}.target in the configuration, or give --target. Known are the releases ${known}.`,
    isUsage: true,
  });
}

/** What the configuration says of a release's channel; undefined where it says nothing, or the place is not its own. */
export async function configuredChannel(
  name: string,
  options: PlaceOptions,
): Promise<string | undefined> {
  if (options.target !== undefined) return undefined;
  const releases = await configuredReleases(options);
  return Object.hasOwn(releases, name) ? releases[name]?.channel : undefined;
}

async function configuredReleases(options: PlaceOptions): Promise<NonNullable<Config['releases']>> {
  return (await resolveConfig(options)).releases ?? {};
}

/** Secrets come from the environment, else from the folder of the keys. */
export async function publisherFor(name: string, options: SigningOptions): Promise<Publisher> {
  const trust = await readTrust(keysFolder(options));
  const target = await targetFor(name, options);
  await expectProduct(name, trust, options);
  const { EVERVEC_RELEASE_KEY: release, EVERVEC_CHANNEL_KEY: channel } = environmentOf();
  const given = {
    ...(release !== undefined && { release: { text: release, where: 'EVERVEC_RELEASE_KEY' } }),
    ...(channel !== undefined && { channel: { text: channel, where: 'EVERVEC_CHANNEL_KEY' } }),
  };
  return {
    target,
    trust,
    keys: keysOf(trust, given),
    client: VERSION,
    ...(options.validDays !== undefined && { lifetimeMs: options.validDays * 86_400_000 }),
  };
}

/** Signed by the keys of another product clients would refuse it. A place that is named by hand is nobody's in the configuration. */
async function expectProduct(name: string, trust: Trust, options: PlaceOptions): Promise<void> {
  if (options.target !== undefined) return;
  const releases = await configuredReleases(options);
  const product = (Object.hasOwn(releases, name) ? releases[name]?.product : undefined) ?? name;
  if (product === trust.anchor.product) return;
  throw new ConfigError(
    `The keys in ${trust.folder} are of ${trust.anchor.product}, and the release ${name} is of ${product}.`,
    {
      remedy: `Name the folder of its keys with --keys, or set releases.${name}.product to '${trust.anchor.product}'.`,
      isUsage: true,
    },
  );
}

export function keysFolder({ keys = DEFAULT_KEYS }: PlaceOptions): string {
  return keys;
}

export interface Seen {
  readonly target: ReleaseTarget;
  readonly published: Published;
  /** Whether it was checked by keys of ours; else it is only whole. */
  readonly isVerified: boolean;
}

/** Looks without secrets, and without any key where there is none here. */
export async function look(name: string, options: PlaceOptions): Promise<Seen> {
  const target = await targetFor(name, options);
  const trust = await trustOrNone(options);
  const by = trust && { anchor: trust.anchor, roots: trust.files };
  return { target, published: await readPublished(target, by), isVerified: trust !== undefined };
}

export async function trustOrNone(options: PlaceOptions): Promise<Trust | undefined> {
  const isThere = existsSync(path.join(keysFolder(options), TRUST));
  if (!isThere && options.keys === undefined) return undefined;
  return await readTrust(keysFolder(options));
}
