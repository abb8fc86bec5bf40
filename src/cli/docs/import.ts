import type { Command } from 'commander';
import { type FolderListing, listFolder } from '../../document/files.ts';
import { DEFAULT_EXTRACT_LIMITS } from '../../document/index.ts';
import type { Evervec } from '../../engine/index.ts';
import { actor } from '../actor.ts';
import { confirm } from '../confirm.ts';
import { print, printable, printJson } from '../output.ts';
import { withEvervec } from '../session.ts';
import { type TakeOptions, withTaking } from './fields.ts';
import { report, takeIn, takeItems } from './take.ts';

interface Options extends TakeOptions {
  include?: string[];
  exclude?: string[];
  recursive: boolean;
  as?: string;
  prune?: boolean;
  dryRun?: boolean;
  confirm?: boolean;
}

const gather = (one: string, before: string[] = []) => [...before, one];

export function addImport(docs: Command): void {
  withTaking(docs.command('import'))
    .argument('<folder>', 'its files, and those of the folders in it')
    .option(
      '--include <pattern>',
      'only these paths, as *.md or guides/**; may be repeated',
      gather,
    )
    .option('--exclude <pattern>', 'not these paths; may be repeated', gather)
    .option('--no-recursive', 'not the folders in it')
    .option('--as <name>', "what the origins begin with (default: the folder's name)")
    .option('--prune', 'delete documents of this folder whose files are no more')
    .option('--dry-run', 'say what there is to take in and to delete, and do nothing')
    .option('--confirm', 'do not ask before documents are deleted')
    .description('take a folder in; again it takes only what changed')
    .action(async (folder: string, options: Options) => {
      const listing = await listFolder(folder, {
        name: options.as,
        include: options.include,
        exclude: options.exclude,
        isRecursive: options.recursive,
        maxBytes: DEFAULT_EXTRACT_LIMITS.maxBytes,
      });
      await withEvervec(options, (evervec) => importFolder(evervec, listing, options));
    });
}

async function importFolder(
  evervec: Evervec,
  listing: FolderListing,
  options: Options,
): Promise<void> {
  const surplus = options.prune ? await findSurplus(evervec, listing, options.collection) : [];
  if (options.dryRun) return tellPlan(listing, surplus, options);
  // Asked first: nobody waits for the import to be asked then.
  const isPruned =
    surplus.length > 0 &&
    (await confirm(`Delete ${surplus.length} documents whose files are no more?`, options.confirm));
  const { items, ignored } = listing;
  const taken = await takeIn(evervec, takeItems(items, options), {
    ...options,
    total: items.length,
  });
  const ids = surplus.map(({ id }) => id);
  const deleted = isPruned ? await evervec.documents.deleteAll(ids, actor()) : 0;
  report(taken, options, { ignored, deleted });
  if (options.json) return;
  if (deleted > 0) print(`${deleted} deleted`);
  if (ignored > 0) print(`${ignored} files are of other types and were left out`);
}

async function findSurplus(
  { documents }: Evervec,
  { items, prefix }: FolderListing,
  collection: string,
): Promise<{ id: string; origin: string }[]> {
  const there = new Set(items.map(({ origin }) => origin));
  return (await documents.under(collection, prefix)).filter(({ origin }) => !there.has(origin));
}

function tellPlan(
  { items, ignored }: FolderListing,
  surplus: readonly { origin: string }[],
  options: Options,
): void {
  const files = items.map(({ label }) => label);
  const toDelete = surplus.map(({ origin }) => origin);
  if (options.json) return printJson({ files, to_delete: toDelete, ignored });
  for (const file of files) print(`take in  ${printable(file)}`);
  for (const origin of toDelete) print(`delete   ${printable(origin)}`);
  print(
    `${files.length} files, ${toDelete.length} documents to delete, ${ignored} files of other types`,
  );
}
