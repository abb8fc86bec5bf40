/** Takes items in and embeds them meanwhile, with a line per item that says what became of it. */
import type { ImportItem } from '../../document/index.ts';
import type {
  Documents,
  Evervec,
  ImportCounts,
  ImportOptions,
  ImportResult,
} from '../../engine/index.ts';
import { actor } from '../actor.ts';
import { embedPending } from '../backfill.ts';
import { print, printable, printJson, Progress } from '../output.ts';
import { untilStopped } from '../session.ts';
import { type TakeOptions, toldFields } from './fields.ts';

export interface Taken {
  counts: ImportCounts;
  results: ImportResult[];
  /** Records that this process embedded, and those that still wait. */
  pending: number;
  seconds: number;
}

const DOCUMENTS = ['documents'];

/** Takes something in by these options, and tells them of each. */
export type Take = (documents: Documents, options: ImportOptions) => Promise<unknown>;

/** Items, told of by the command's options where they don't tell themselves. */
export function takeItems(
  items: AsyncIterable<ImportItem> | Iterable<ImportItem>,
  options: TakeOptions,
): Take {
  const defaults = toldFields(options);
  return (documents, importOptions) => documents.import(items, { ...importOptions, defaults });
}

/** @param options `total`: how many there are, where that is known */
export async function takeIn(
  evervec: Evervec,
  take: Take,
  options: TakeOptions & { total: number | null },
): Promise<Taken> {
  const started = performance.now();
  const { signal } = untilStopped();
  const { documents } = evervec;
  await documents.prepare();
  const isEmbedding = options.queueOnly !== true && evervec.isQueueEnabled;
  const worker = isEmbedding ? await evervec.worker(DOCUMENTS) : null;
  await worker?.start();
  const progress = new Progress();
  const results: ImportResult[] = [];
  try {
    await take(documents, {
      collection: options.collection,
      by: actor(),
      signal,
      onDuplicate: options.onDuplicate,
      summary: options.summary,
      isForced: options.force,
      onResult: (result) => {
        results.push(result);
        tell(result, options, progress);
        if (options.total === null) progress.update(`${results.length} taken in`);
        else progress.count('taking in', results.length, options.total);
      },
    });
    progress.end();
    await worker?.stop();
    if (isEmbedding) await embedPending(evervec, DOCUMENTS);
    const pending = await evervec.pending(DOCUMENTS);
    const seconds = (performance.now() - started) / 1_000;
    return { counts: countOutcomes(results), results, pending, seconds };
  } finally {
    await worker?.stop();
  }
}

function countOutcomes(results: readonly ImportResult[]): ImportCounts {
  const counts = { added: 0, version: 0, updated: 0, unchanged: 0, skipped: 0, failed: 0 };
  for (const { outcome } of results) counts[outcome]++;
  return counts;
}

const QUIET = new Set(['unchanged', 'skipped']);

/** What changed nothing is in the numbers alone. */
function tell(result: ImportResult, { json }: TakeOptions, progress: Progress): void {
  if (json || QUIET.has(result.outcome)) return;
  progress.end();
  const { label, outcome, version, warnings, error } = result;
  const what = outcome === 'version' ? `version ${version}` : outcome;
  const lines = [
    `${what.padEnd(10)}  ${printable(label)}${error === null ? '' : `: ${printable(error.message)}`}`,
    ...(error?.remedy != null ? [printable(error.remedy)] : []),
    ...warnings.map(printable),
  ];
  print(lines.join(`\n${' '.repeat(12)}`));
}

/** Prints the numbers, and fails the command where an item failed. */
export function report(taken: Taken, options: TakeOptions, more: object = {}): void {
  const { counts, results, pending, seconds } = taken;
  if (counts.failed > 0) process.exitCode = 1;
  if (options.json) return printJson({ counts, results, pending, seconds, ...more });
  const named = Object.entries(counts).filter(([, count]) => count > 0);
  const names: Record<string, string> = { version: 'as new versions' };
  const list = named.map(([name, count]) => `${count.toLocaleString('en')} ${names[name] ?? name}`);
  print(`${list.join(', ') || 'nothing to take in'}; ${seconds.toFixed(1)} s`);
  if (pending > 0)
    print(`${pending.toLocaleString('en')} wait for a worker: see "evervec queue status"`);
}
