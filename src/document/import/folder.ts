/** The files of a folder as items of an import. Reads names first and contents one by one; changes nothing. */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError, ExtractionError } from '../../errors/index.ts';
import { readFileName, titleOfName } from './file-name.ts';
import type { ImportContent, ImportItem } from './item.ts';

/** What is taken where no pattern says otherwise. */
const EXTENSIONS = new Set([
  '.md',
  '.mdx',
  '.markdown',
  '.txt',
  '.text',
  '.html',
  '.htm',
  '.xhtml',
  '.pdf',
  '.docx',
  '.epub',
]);

export interface FolderOptions {
  /** What stands before the paths in the origins; default the folder's own name. */
  name?: string | undefined;
  /** Patterns of paths below the folder: only these, whatever their extensions. */
  include?: readonly string[] | undefined;
  exclude?: readonly string[] | undefined;
  /** Default true. */
  isRecursive?: boolean | undefined;
  /** Of one file. */
  maxBytes: number;
}

export interface FolderListing {
  items: ImportItem[];
  /** Files that are no documents by their extension. */
  ignored: number;
  /** What the origins of all of them begin with. */
  prefix: string;
}

/**
 * Lists a folder, in the order of the paths. What begins with a dot, and `node_modules`, is left out; links are not
 * followed.
 * @throws ConfigError where there is no such folder
 */
export async function listFolder(folder: string, options: FolderOptions): Promise<FolderListing> {
  const root = path.resolve(folder);
  await requireFolder(root);
  const name = options.name ?? path.basename(root);
  const paths = await walk(root, '', options.isRecursive ?? true);
  const taken = paths.filter((one) => isTaken(one, options));
  return {
    items: taken.map((one) => fileItem(path.join(root, one), `${name}/${one}`, options.maxBytes)),
    ignored: paths.length - taken.length,
    prefix: `${name}/`,
  };
}

async function requireFolder(root: string): Promise<void> {
  const found = await stat(root).catch(() => null);
  if (found?.isDirectory()) return;
  throw new ConfigError(
    found === null ? `There is no folder ${root}.` : `${root} is not a folder.`,
    { remedy: 'Name a folder; "evervec docs add" takes a file.', isUsage: true },
  );
}

/** Paths of files below `root`, with `/` between on every system. */
async function walk(root: string, below: string, isRecursive: boolean): Promise<string[]> {
  const entries = await readdir(path.join(root, below), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const paths: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const at = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isFile()) paths.push(at);
    else if (entry.isDirectory() && isRecursive) paths.push(...(await walk(root, at, true)));
  }
  return paths;
}

function isTaken(at: string, { include, exclude = [] }: FolderOptions): boolean {
  const matches = (pattern: string) =>
    path.posix.matchesGlob(at, pattern) ||
    // A pattern without a folder is meant for all of them.
    (!pattern.includes('/') && path.posix.matchesGlob(path.posix.basename(at), pattern));
  if (exclude.some(matches)) return false;
  if (include !== undefined && include.length > 0) return include.some(matches);
  return EXTENSIONS.has(path.posix.extname(at).toLowerCase());
}

/**
 * One file.
 * @param origin what it is known by
 * @param maxBytes a larger one is refused before it is read
 */
export function fileItem(file: string, origin: string, maxBytes: number): ImportItem {
  return {
    label: origin,
    collection: null,
    origin: origin.normalize('NFC'),
    fields: { ...readFileName(origin) },
    fallbackTitle: titleOfName(origin),
    load: () => loadFile(file, maxBytes),
  };
}

async function loadFile(file: string, maxBytes: number): Promise<ImportContent> {
  const { size } = await stat(file);
  if (size > maxBytes) throw tooLarge(size, maxBytes);
  return { bytes: await readFile(file), name: path.basename(file), mediaType: null };
}

function tooLarge(size: number, maxBytes: number): ExtractionError {
  const mebibytes = (bytes: number) => `${Math.ceil(bytes / 1_048_576).toLocaleString('en')} MiB`;
  return new ExtractionError(
    `The file has ${mebibytes(size)}, ${mebibytes(maxBytes)} are taken at most.`,
    { fault: 'too-large', remedy: 'Cut it into several.' },
  );
}
