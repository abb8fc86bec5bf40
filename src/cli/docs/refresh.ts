import type { Command } from 'commander';
import type { Evervec, RefreshResult } from '../../engine/index.ts';
import { actor } from '../actor.ts';
import { embedPending } from '../backfill.ts';
import { print, printable, printJson } from '../output.ts';
import { printList, time } from '../queue/list.ts';
import { type CommonOptions, untilStopped, withCommonOptions, withEvervec } from '../session.ts';
import { wholeNumber } from '../worker.ts';

interface Options extends CommonOptions {
  olderThan?: number;
  status?: boolean;
  queueOnly?: boolean;
}

export function addRefresh(docs: Command): void {
  withCommonOptions(docs.command('refresh'))
    .argument('[document...]', 'these, also where they are paused (default: those that are due)')
    .option(
      '--older-than <days>',
      'those not fetched for so long, due or not',
      wholeNumber(0, 36_500),
    )
    .option('--status', 'when each is fetched again, and which are paused')
    .option('--queue-only', 'leave the embedding to a worker')
    .description('fetch documents from URLs again, and take in what changed')
    .action(async (names: string[], options: Options) => {
      if (options.status) return await showStatus(options);
      const { results, pending } = await withEvervec(options, (evervec) =>
        refresh(evervec, names, options),
      );
      if (results.some(({ error }) => error !== null)) process.exitCode = 1;
      if (options.json) return printJson({ results, pending });
      const changed = results.filter(({ outcome }) => outcome === 'version').length;
      print(`${results.length} fetched, ${changed} changed`);
      if (pending > 0) print(`${pending} wait for a worker: see "evervec queue status"`);
    });
}

async function refresh(evervec: Evervec, names: readonly string[], options: Options) {
  const { documents } = evervec;
  const { signal } = untilStopped();
  const results: RefreshResult[] = [];
  const ids = await chosen(evervec, names, options);
  await documents.prepare();
  await documents.web.refresh({
    ids,
    by: actor(),
    signal,
    onResult: (result) => {
      results.push(result);
      if (!options.json) tell(result);
    },
  });
  const isEmbedding = options.queueOnly !== true && evervec.isQueueEnabled;
  const source = ['documents'];
  if (isEmbedding && !signal.aborted) await embedPending(evervec, source);
  return { results, pending: await evervec.pending(source) };
}

/** All names are looked for first: a wrong one fetches nothing. @returns undefined for those that are due */
async function chosen(
  { documents }: Evervec,
  names: readonly string[],
  { olderThan }: Options,
): Promise<string[] | undefined> {
  if (olderThan !== undefined) return await documents.web.olderThan(olderThan);
  if (names.length === 0) return undefined;
  const ids: string[] = [];
  for (const name of names) ids.push((await documents.get(name)).id);
  return ids;
}

function tell({ outcome, title, version, error }: RefreshResult): void {
  if (outcome === 'unchanged') return;
  const what = outcome === 'version' ? `version ${version}` : outcome;
  const why =
    error === null ? '' : `: ${printable(error.message)}\n${' '.repeat(12)}${error.remedy}`;
  print(`${what.padEnd(10)}  ${printable(title)}${why}`);
}

async function showStatus(options: Options): Promise<void> {
  const fetches = await withEvervec(options, ({ documents }) => documents.web.status());
  printList(
    'fetches',
    fetches,
    {
      id: (one) => one.id.slice(0, 8),
      title: (one) => one.title,
      'fetched (UTC)': (one) => time(one.checked_at),
      'next (UTC)': (one) => (one.paused_at === null ? time(one.due_at) : 'paused'),
      failures: (one) => one.failures,
      error: (one) => one.error,
    },
    { ...options, empty: 'no documents from URLs' },
  );
}
