/** Checks, one line each, of what a database must have for the configured sources. Reads only. */
import { type Database, schemaStatus } from '../database/index.ts';
import { captureState, findSource, type SourceDefinition } from '../source/index.ts';

export interface Verdict {
  /** What was looked at: `schema`, `pgvector`, `source offers`. */
  what: string;
  ok: boolean;
  /** What was found. */
  found: string;
  /** What to do; absent when all is well. */
  remedy?: string;
}

export async function verifySchema(
  database: Database,
  sources: readonly SourceDefinition[],
): Promise<Verdict[]> {
  const status = await schemaStatus(database);
  const { vectorVersion } = database.capabilities;
  const verdicts: Verdict[] = [
    vectorVersion === null
      ? {
          what: 'pgvector',
          ok: false,
          found: 'not installed in this database',
          remedy: 'Run "evervec setup".',
        }
      : { what: 'pgvector', ok: true, found: vectorVersion },
  ];
  if (status.pending.length > 0) {
    const found =
      status.applied.length === 0 ? 'never set up' : `${status.pending.length} migrations behind`;
    verdicts.push({ what: 'schema', ok: false, found, remedy: 'Run "evervec setup".' });
    return verdicts;
  }
  verdicts.push({ what: 'schema', ok: true, found: `${status.applied.length} migrations` });
  for (const source of sources) verdicts.push(await verifySource(database, source));
  return verdicts;
}

async function verifySource(database: Database, source: SourceDefinition): Promise<Verdict> {
  const what = `source ${source.name}`;
  const row = await findSource(database, source.name);
  if (row === null) return { what, ok: false, found: 'not set up', remedy: 'Run "evervec setup".' };
  const { missing } = await captureState(database, database.schema, source);
  if (missing.length > 0)
    return {
      what,
      ok: false,
      found: `no working trigger for ${missing.join(', ')}`,
      remedy: 'Run "evervec setup", then "evervec reconcile".',
    };
  if (row.queued_fingerprint !== source.fingerprint)
    return {
      what,
      ok: false,
      found: 'its records were not queued since it was set up or changed',
      remedy: `Run "evervec backfill ${source.name}".`,
    };
  return { what, ok: true, found: `${source.table.schema}.${source.table.name}, captured` };
}
