/** Figures of evaluations: how they are shown, kept in the database, and compared with those before. */
import { SCHEMA_VERSION, schemaVersion } from '../database/index.ts';
import { type Config, createEvervec } from '../engine/index.ts';
import { EvervecError } from '../errors/index.ts';
import { before, type KeptRun, type Measured, type Quality, type Run } from '../evaluate/index.ts';
import { formatTable, print, printJson } from './output.ts';
import { type CommonOptions, createLogger, withEvervec } from './session.ts';

export interface Row {
  /** Of the folder as it was given, or the source's. */
  name: string;
  model: string;
  queries: number;
  documents?: number;
  modes: Measured;
}

const FIGURES = ['nDCG@10', 'MRR@10', 'recall@100'];

export function tableOf(what: 'folder' | 'source', rows: readonly Row[]): string {
  const lines = rows.flatMap((row) =>
    Object.entries(row.modes).map(([mode, quality]) => [
      row.name,
      mode,
      ...figuresOf(quality),
      row.queries,
      ...(what === 'folder' ? [row.documents ?? null] : []),
      row.model,
    ]),
  );
  const documents = what === 'folder' ? ['documents'] : [];
  return formatTable([what, 'mode', ...FIGURES, 'queries', ...documents, 'model'], lines);
}

function figuresOf({ ndcg10, mrr10, recall100 }: Quality): string[] {
  return [ndcg10, mrr10, recall100].map((figure) => figure.toFixed(4));
}

/** Where the configured database is set up; figures that can't be kept are figures all the same. */
export async function keepRuns(
  config: Config,
  runs: readonly Omit<Run, 'version'>[],
): Promise<void> {
  if (config.database === ':memory:') return;
  try {
    const evervec = await createEvervec(config, { logger: createLogger() });
    try {
      if ((await schemaVersion(evervec.database)) !== SCHEMA_VERSION) return;
      for (const run of runs) await evervec.labels.keep(run);
    } finally {
      await evervec.close();
    }
  } catch (error) {
    if (!(error instanceof EvervecError)) throw error;
    process.stderr.write(`warning: the figures were not kept: ${error.message}\n`);
  }
}

/** @param names of folders or sources; all where there are none */
export async function showHistory(names: readonly string[], options: CommonOptions): Promise<void> {
  const runs = await withEvervec(options, async ({ labels }) => {
    const wanted = names.length === 0 ? [undefined] : names;
    const found: KeptRun[] = [];
    for (const name of wanted) found.push(...(await labels.history({ name })));
    return found;
  });
  if (options.json)
    return printJson({
      runs: runs.map((run) => ({ ...run, before: before(run, runs)?.id ?? null })),
    });
  if (runs.length === 0) return print('no evaluation was kept yet');
  const lines = runs.flatMap((run) => {
    const earlier = before(run, runs);
    return Object.entries(run.modes).map(([mode, quality]) => [
      run.at.slice(0, 16).replace('T', ' '),
      run.name,
      mode,
      ...figuresOf(quality),
      difference(quality, earlier?.modes[mode as keyof Measured]),
      run.queries,
      run.model,
      run.version,
    ]);
  });
  const header = ['when (UTC)', 'name', 'mode', ...FIGURES, 'nDCG@10 before', 'queries', 'model'];
  print(formatTable([...header, 'version'], lines));
}

/** From the figure before; `–` where there is none. */
function difference(now: Quality, earlier: Quality | undefined): string | null {
  if (earlier === undefined) return null;
  const change = now.ndcg10 - earlier.ndcg10;
  return `${earlier.ndcg10.toFixed(4)} (${change < 0 ? '' : '+'}${change.toFixed(4)})`;
}
