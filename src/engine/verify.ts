/** Checks, one line each, of what a database must have for the configured sources. Reads only. */
import { type Database, isAtLeast, schemaStatus } from '../database/index.ts';
import type { HealthCheck } from '../operate/index.ts';
import { activeSpace, differences, type WantedSpace } from './spaces.ts';
import { areGuarded } from '../space/index.ts';
import { captureState, findSource, type SourceDefinition } from '../source/index.ts';

/** What was looked at: `schema`, `pgvector`, `source offers`. */
export type Verdict = HealthCheck;

/** Older ones can't go on with an ANN scan that left too few rows, as a filter does. */
const ITERATIVE_SCAN = '0.8.0';

export async function verifySchema(
  database: Database,
  sources: readonly SourceDefinition[],
  wantedOf: (source: SourceDefinition) => WantedSpace,
): Promise<Verdict[]> {
  const status = await schemaStatus(database);
  const { vectorVersion } = database.capabilities;
  const verdicts: Verdict[] = [
    vectorVersion === null
      ? {
          what: 'pgvector',
          level: 'bad',
          found: 'not installed in this database',
          remedy: 'Run "evervec setup".',
        }
      : isAtLeast(vectorVersion, ITERATIVE_SCAN)
        ? { what: 'pgvector', level: 'good', found: vectorVersion }
        : {
            what: 'pgvector',
            level: 'warning',
            found: `${vectorVersion}: filtered searches over a large index read more than they need`,
            remedy: `Update it to ${ITERATIVE_SCAN} or newer.`,
          },
  ];
  if (status.pending.length > 0) {
    const found =
      status.applied.length === 0 ? 'never set up' : `${status.pending.length} migrations behind`;
    verdicts.push({ what: 'schema', level: 'bad', found, remedy: 'Run "evervec setup".' });
    return verdicts;
  }
  verdicts.push({ what: 'schema', level: 'good', found: `${status.applied.length} migrations` });
  for (const source of sources)
    verdicts.push(await verifySource(database, source, wantedOf(source)));
  return verdicts;
}

async function verifySource(
  database: Database,
  source: SourceDefinition,
  wanted: WantedSpace,
): Promise<Verdict> {
  const what = `source ${source.name}`;
  const row = await findSource(database, source.name);
  if (row === null)
    return { what, level: 'bad', found: 'not set up', remedy: 'Run "evervec setup".' };
  const { missing } = await captureState(database, database.schema, source);
  if (missing.length > 0)
    return {
      what,
      level: 'bad',
      found: `no working trigger for ${missing.join(', ')}`,
      remedy: 'Run "evervec setup", then "evervec reconcile".',
    };
  if (!(await areGuarded(database, row.id)))
    return {
      what,
      level: 'bad',
      found: 'its chunks are not guarded as its tiers want it',
      remedy: 'Run "evervec setup".',
    };
  if (row.queued_fingerprint !== source.fingerprint)
    return {
      what,
      level: 'bad',
      found: 'its records were not queued since it was set up or changed',
      remedy: `Run "evervec backfill ${source.name}".`,
    };
  const differs = differences(await activeSpace(database, row), wanted);
  if (differs.length > 0)
    return {
      what,
      level: 'warning',
      found: `its space is another than configured: ${differs.join(', ')}`,
      remedy: `Run "evervec model migrate ${source.name}", or undo the change.`,
    };
  return { what, level: 'good', found: `${source.table.schema}.${source.table.name}, captured` };
}
