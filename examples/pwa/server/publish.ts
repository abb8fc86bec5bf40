/**
 * From a folder of Markdown to a signed release, by the commands that a user has for it: import, build, publish. Owns the demonstration's folder, and
 * knows by a digest when there is nothing to do.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { evervec } from './evervec.ts';
import { Refused } from './say.ts';

const CONFIG = fileURLToPath(new URL('../evervec.config.ts', import.meta.url));
/** The page that says which release it is of: so each has something new. */
const ABOUT = 'about-this-release.md';

/** The demonstration's own folders. */
export interface Folders {
  readonly root: string;
  readonly database: string;
  /** Secrets, readable by their owner alone, and what the page pins. */
  readonly keys: string;
  /** What is taken in: a copy of the documentation, and the page about the release. */
  readonly pages: string;
  readonly draft: string;
  /** The releases, as a web server shows them. */
  readonly kb: string;
  /** The page as it was built. */
  readonly app: string;
}

export function foldersIn(root: string): Folders {
  const at = (name: string) => path.join(root, name);
  return {
    root,
    database: at('database'),
    keys: at('keys'),
    pages: at('pages'),
    draft: at('draft'),
    kb: at('kb'),
    app: at('app'),
  };
}

interface Publishing {
  readonly docs: string;
  /** Of what is in `docs` now. */
  readonly digest: string;
  readonly folders: Folders;
  /** Makes one more, whatever changed. */
  readonly isAgain: boolean;
}

/** What was published last. */
interface Made {
  readonly digest: string;
  readonly number: number;
}

/** Made once: a page that pins the old ones would never take a release by new ones. */
export async function makeKeys({ root, keys }: Folders): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  if (existsSync(path.join(keys, 'trust.json'))) return;
  await evervec(['release', 'keys', 'new', '--product', 'evervec-guide', '--out', keys], root);
}

/** @returns a line that says what there is now */
export async function publish({ docs, digest, folders, isAgain }: Publishing): Promise<string> {
  const { root, keys, kb, draft } = folders;
  const before = await readMade(root);
  const isPublished = before !== undefined && existsSync(path.join(kb, 'channel.json'));
  const isNew = isAgain || !isPublished || before.digest !== digest;
  const number = (before?.number ?? 0) + (isNew ? 1 : 0);
  if (isNew) {
    await writePages(docs, folders.pages, number);
    await takeIn(folders);
    await build(folders);
  }
  // Where nothing is new, what is published is signed again when it is time.
  const place = ['--target', kb, '--keys', keys, '--config', CONFIG];
  const published = ['release', 'publish', 'guide', '--draft', draft, ...place];
  await evervec([...published, '--valid-days', '30', '--yes'], root);
  await writeFile(path.join(root, 'made.json'), JSON.stringify({ digest, number } satisfies Made));
  return isNew ? `Release ${number} is published in ${kb}` : `Release ${number} is current`;
}

async function takeIn({ root, pages, database }: Folders): Promise<void> {
  const into = ['--collection', 'guide', '--as', 'docs', '--prune', '--confirm'];
  const where = ['--database', database, '--config', CONFIG];
  await evervec(['docs', 'import', pages, ...into, ...where], root);
}

async function build({ root, database, draft, kb, keys }: Folders): Promise<void> {
  const from = ['--database', database, '--config', CONFIG];
  const place = ['--out', draft, '--target', kb, '--keys', keys];
  await evervec(['release', 'build', 'guide', ...from, ...place], root);
}

/** A copy, so that pages that are gone from the documentation go from the collection too. */
async function writePages(docs: string, pages: string, number: number): Promise<void> {
  await rm(pages, { recursive: true, force: true });
  await cp(docs, pages, { recursive: true });
  const { length } = await markdownIn(docs);
  const [day, time] = new Date().toISOString().split(/[T.]/);
  await writeFile(
    path.join(pages, ABOUT),
    `# About this release

You are reading release ${number} of the guide, made on ${day} at ${time} UTC from ${length} pages of Markdown.

It came to this device as one signed index. It was verified, tried out with questions that it must answer, and put in the place of
the one before in one step. What you type is searched here: nothing of it is sent anywhere, and no network is needed.

## What to try

- Switch the network off and load the page again.
- Choose \`manual\` in the panel of the release, then run \`npm run example:pwa -- --publish-again\`: the page says that there is an
  update, how large it is, and waits for you.
- Go back to the release before, and take the newer one again.
- Open a second tab: an update that one of them installs is in both.
`,
  );
}

/** Tells whether anything changed. @throws Refused where there is no Markdown */
export async function digestOf(docs: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of await markdownIn(docs)) {
    const text = await readFile(path.join(docs, name));
    hash.update(`${name}\0${text.length}\0`).update(text);
  }
  return hash.digest('hex');
}

async function markdownIn(docs: string): Promise<string[]> {
  const names = await readdir(docs, { recursive: true }).catch(() => []);
  const pages = names.filter((name) => name.endsWith('.md')).toSorted();
  if (pages.length === 0) throw new Refused(`There is no Markdown in ${docs}.`);
  return pages;
}

async function readMade(root: string): Promise<Made | undefined> {
  const text = await readFile(path.join(root, 'made.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Made);
}
