/** `evervec release keys …`: a product's keys. A secret is never printed; it goes from the generator to its file. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { ConfigError } from '../../errors/index.ts';
import { keyIdOf, SCHEMES, type SigningKey, type TrustAnchor } from '../../format/index.ts';
import {
  createKeys,
  DEFAULT_KEYS,
  parseSecrets,
  readTrust,
  renew,
  type RoleName,
  ROLES,
  rotateKeys,
  secretsIn,
} from '../../release/index.ts';
import { formatTable, print, printJson } from '../output.ts';
import { resolveConfig } from '../session.ts';
import { wholeNumber } from '../worker.ts';
import {
  keysFolder,
  type PlaceOptions,
  publisherFor,
  type SigningOptions,
  withSigning,
} from './place.ts';
import { describeChannel } from './words.ts';

const DAY_MS = 86_400_000;
const CHOICES = { ed25519: ['ed25519'], 'ecdsa-p256': ['ecdsa-p256'], both: SCHEMES } as const;
type Choice = keyof typeof CHOICES;

export function addKeys(release: Command): void {
  const keys = release
    .command('keys')
    .description('the keys that sign releases: new, rotate, renew, show');
  addNew(keys);
  addRotate(keys);
  addExtend(keys);
  keys
    .command('show')
    .option('--keys <folder>', `of the keys (default: ${DEFAULT_KEYS})`)
    .option('--json', 'print JSON')
    .description('what an app pins, until when the root counts, and which secrets are here')
    .action(show);
}

interface NewOptions extends Pick<PlaceOptions, 'config' | 'json'> {
  out: string;
  product?: string;
  scheme: Choice;
  rootDays: number;
  rootSigners: number;
  rootThreshold: number;
}

function addNew(keys: Command): void {
  keys
    .command('new')
    .option('--config <file>', 'configuration file (default: evervec.config.ts here)')
    .option('--out <folder>', 'for the keys', DEFAULT_KEYS)
    .option('--product <name>', "what clients know it by (default: the configuration's only one)")
    .addOption(schemeOption().default('ed25519'))
    .option('--root-days <n>', 'until the root expires, 1 to 3650', wholeNumber(1, 3_650), 365)
    .option('--root-signers <n>', 'who has a root key, 1 to 16', wholeNumber(1, 16), 1)
    .option('--root-threshold <n>', 'how many of them must sign', wholeNumber(1, 16), 1)
    .option('--json', 'print JSON')
    .description('make root, release and channel keys, and what an app pins')
    .action(
      async ({
        out,
        scheme,
        rootDays,
        rootSigners,
        rootThreshold,
        json,
        ...options
      }: NewOptions) => {
        const product = options.product ?? (await onlyProduct(options));
        const expires = Date.now() + rootDays * DAY_MS;
        const root = { expires, rootSigners, rootThreshold };
        const anchor = await createKeys({
          folder: out,
          product,
          schemes: CHOICES[scheme],
          ...root,
        });
        if (json) return printJson({ folder: out, rootKeys: anchor });
        print(`Made the keys of ${product} in ${out}. Commit what is not *.secret.`);
        print(
          rootSigners === 1
            ? `  root.1.secret     signs changes of keys. Take it offline now, and keep a copy.`
            : `  root.1.N.secret   sign changes of keys, ${rootThreshold} of ${rootSigners}. Give each to whom it is for.`,
        );
        print(`  release.1.secret  signs releases: EVERVEC_RELEASE_KEY where they are published.`);
        print(`  channel.1.secret  signs which is current: EVERVEC_CHANNEL_KEY there.`);
        print(`The app pins this (${path.join(out, 'trust.json')} has it too):\n`);
        print(anchorSource(anchor));
      },
    );
}

interface RotateOptions extends SigningOptions {
  scheme?: Choice;
  rootDays: number;
  rootKey?: string[];
}

function addRotate(keys: Command): void {
  withRoot(withSigning(keys.command('rotate')))
    .addOption(schemeOption())
    .argument('<role>', 'root, release or channel', roleName)
    .argument('[name]', 'of a release whose target is signed again at once')
    .description('replace the key of a role: lost, stolen, or old')
    .action(async (role: RoleName, name: string | undefined, options: RotateOptions) => {
      await nextRoot(role, name, options);
    });
}

function addExtend(keys: Command): void {
  withRoot(withSigning(keys.command('renew')))
    .argument('[name]', 'of a release whose target is signed again at once')
    .description('a new root with the same keys, which expires later')
    .action(async (name: string | undefined, options: RotateOptions) => {
      await nextRoot(null, name, options);
    });
}

function withRoot(command: Command): Command {
  return command
    .option('--root-key <file...>', 'secrets of the root that are not in the folder of the keys')
    .option('--root-days <n>', 'until the root expires, 1 to 3650', wholeNumber(1, 3_650), 365);
}

async function nextRoot(
  role: RoleName | null,
  name: string | undefined,
  { scheme, rootDays, rootKey = [], ...options }: RotateOptions,
): Promise<void> {
  const folder = keysFolder(options);
  const root = await rotateKeys({
    folder,
    role,
    schemes: scheme && CHOICES[scheme],
    expires: Date.now() + rootDays * DAY_MS,
    rootKeys: await readRootKeys(rootKey),
  });
  const channel = name === undefined ? undefined : await renew(await publisherFor(name, options));
  if (options.json)
    return printJson({ folder, version: root.version, expires: root.expires, channel });
  print(`${folder}: root.${root.version}.json, good until ${root.expires}`);
  if (role !== null) print(`the new key is ${role}.${root.version}.secret`);
  if (channel !== undefined) print(describeChannel(channel));
  else print('Clients learn of it with "evervec release renew", for each release of this product.');
}

async function readRootKeys(files: readonly string[]): Promise<SigningKey[]> {
  const keys: SigningKey[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw new ConfigError(`--root-key ${file} can't be read.`, {
        remedy: 'Name the file of the root secret.',
        isUsage: true,
        cause,
      });
    });
    keys.push(...(await parseSecrets(text, file)));
  }
  return keys;
}

async function show({ json, ...options }: PlaceOptions): Promise<void> {
  const trust = await readTrust(keysFolder(options));
  const last = trust.roots.at(-1) ?? trust.roots[0];
  const here = await secretsIn(trust.folder);
  const rows = await Promise.all(
    ROLES.flatMap((role) =>
      last.roles[role].signers.flat().map(async (publicKey) => ({
        role,
        scheme: publicKey.slice(0, publicKey.indexOf(':')),
        key: await keyIdOf(publicKey),
        is_here: here.has(publicKey),
      })),
    ),
  );
  const { version, expires, product } = last;
  if (json) return printJson({ product, version, expires, keys: rows, rootKeys: trust.anchor });
  print(`${product}: root.${version}.json, good until ${expires}`);
  const cells = rows.map((row) => [row.role, row.scheme, row.key, row.is_here ? 'here' : '']);
  print(formatTable(['role', 'scheme', 'key', 'secret'], cells));
  print(`The app pins:\n`);
  print(anchorSource(trust.anchor));
}

function anchorSource(anchor: TrustAnchor): string {
  return `export const rootKeys = ${JSON.stringify(anchor, null, 2)};`;
}

function schemeOption(): Option {
  return new Option(
    '--scheme <scheme>',
    'both: for browsers that know Ed25519 and older ones',
  ).choices(Object.keys(CHOICES));
}

function roleName(text: string): RoleName {
  const role = ROLES.find((one) => one === text);
  if (role !== undefined) return role;
  throw new ConfigError(`${text} is no role of a key.`, {
    remedy: `Name one of ${ROLES.join(', ')}.`,
    isUsage: true,
  });
}

async function onlyProduct(options: Pick<PlaceOptions, 'config'>): Promise<string> {
  const { releases = {} } = await resolveConfig(options);
  const products = new Set(Object.entries(releases).map(([name, { product }]) => product ?? name));
  const [only, ...others] = products;
  if (only !== undefined && others.length === 0) return only;
  throw new ConfigError(`The configuration has ${products.size} products.`, {
    remedy: 'Give --product NAME.',
    isUsage: true,
  });
}
