/**
 * `evervec release workflow`: a file for GitHub Actions that publishes by itself. It builds, which is how it knows whether anything changed; signs
 * the channel again in time; and deploys only when one of both was so.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { ConfigError } from '../../errors/index.ts';
import { DEFAULT_KEYS, type TargetOptions } from '../../release/index.ts';
import { print, printJson } from '../output.ts';
import { configuredTarget, type PlaceOptions } from './place.ts';
import { pagesWorkflow } from './workflow-pages.ts';
import { s3Workflow } from './workflow-s3.ts';

interface Options extends Pick<PlaceOptions, 'config' | 'json'> {
  host: 'pages' | 's3';
  url?: string;
  keys: string;
  out: string;
  force?: boolean;
}

export function addWorkflow(release: Command): void {
  release
    .command('workflow')
    .argument('<name>', 'of a release in the configuration')
    .addOption(
      new Option('--host <host>', 'where it is published')
        .choices(['pages', 's3'])
        .makeOptionMandatory(),
    )
    .option('--url <url>', 'of pages: where channel.json will be, as https://you.github.io/site/kb')
    .option('--config <file>', 'configuration file (default: evervec.config.ts here)')
    .option('--keys <folder>', 'of the keys, in the repository', DEFAULT_KEYS)
    .option('--out <file>', 'for the workflow', '.github/workflows/release.yml')
    .option('--force', 'replace a file that is there')
    .option('--json', 'print JSON')
    .description('write a workflow of GitHub Actions that builds and publishes')
    .action(run);
}

async function run(name: string, { host, url, out, force, json, ...options }: Options) {
  const target = await configuredTarget(name, options);
  if (existsSync(out) && !force)
    throw new ConfigError(`${out} is there already.`, {
      remedy: 'Edit it, replace it with --force, or name another with --out.',
      isUsage: true,
    });
  const text =
    host === 's3'
      ? s3Workflow({ name, keys: options.keys, ...ofType(target, 's3') })
      : pagesWorkflow({ name, keys: options.keys, url: siteOf(url), folder: folderOf(target) });
  await mkdir(path.dirname(out), { recursive: true });
  await writeFile(out, text);
  const secrets = [
    'DATABASE_URL',
    'EVERVEC_RELEASE_KEY',
    'EVERVEC_CHANNEL_KEY',
    ...(host === 's3' ? ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] : []),
  ];
  if (json) return printJson({ file: out, secrets });
  print(`Wrote ${out}. Give the repository these secrets: ${secrets.join(', ')}.`);
  if (host === 'pages') print('In its settings, Pages has the source "GitHub Actions".');
}

function ofType<T extends TargetOptions['type']>(
  target: TargetOptions,
  type: T,
): TargetOptions & { type: T } {
  if (target.type === type) return target as TargetOptions & { type: T };
  throw new ConfigError(`The configured target is of type ${target.type}, not ${type}.`, {
    remedy: `Set the release's target to one of type ${type}, or name the other host.`,
    isUsage: true,
  });
}

/** What is deployed is the folder that it lies in; below the repository, with / between. */
function folderOf(target: TargetOptions): string {
  const { path: folder } = ofType(target, 'folder');
  const plain = path.posix.normalize(folder.replaceAll('\\', '/')).replace(/\/$/, '');
  if (/^[A-Za-z0-9_][\w.-]*(\/[A-Za-z0-9_][\w.-]*)+$/.test(plain)) return plain;
  throw new ConfigError(`The target's folder ${JSON.stringify(folder)} can't be deployed.`, {
    remedy: 'Name a folder in another one of the repository, as public/kb: public is deployed.',
    isUsage: true,
  });
}

function siteOf(url: string | undefined): string {
  const parsed = url === undefined ? null : URL.parse(url);
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return parsed.href;
  throw new ConfigError('Pages need the address of the site.', {
    remedy: 'Give --url, as https://you.github.io/site/kb.',
    isUsage: true,
  });
}
