import type { Command } from 'commander';
import { isSettings, priceOf, resolveModel } from '../embed/index.ts';
import {
  createEvervec,
  type Config,
  type Evervec,
  refuseUnknownPrice,
  type Verdict,
} from '../engine/index.ts';
import { EvervecError } from '../errors/index.ts';
import { type CommonOptions, createLogger, resolveConfig, withCommonOptions } from './session.ts';
import { printVerdicts } from './verify.ts';

export function addCheck(program: Command): void {
  withCommonOptions(program.command('check'))
    .description('configuration, database, schema, model, queue and workers: a verdict each')
    .action(async (options: CommonOptions) => {
      const verdicts: Verdict[] = [];
      const config = await attempt(verdicts, 'configuration', async () => {
        const resolved = await resolveConfig(options);
        return [resolved, judgeConfig(resolved)];
      });
      const model = config && (await resolve(verdicts, config));
      if (model) await checkDatabase(verdicts, { ...config, model });
      printVerdicts(verdicts, options);
    });
}

/** The configured model as an object; a verdict, and null, where it can't be had. */
async function resolve(verdicts: Verdict[], config: Config): Promise<Config['model'] | null> {
  const { model, price } = config;
  if (!isSettings(model)) return model ?? 'embedded';
  try {
    const resolved = await resolveModel(model);
    refuseUnknownPrice(config, resolved, priceOf(resolved, price));
    return resolved;
  } catch (error) {
    verdicts.push(failed('model', error));
    return null;
  }
}

type Judged = Omit<Verdict, 'what'>;

const good = (found: string): Judged => ({ level: 'good', found });

/** What is allowed, and may not be meant. */
function judgeConfig({ sources, documents, queueEnabled, semanticSearch }: Config): Judged {
  const names = Object.keys(sources);
  const found = `${names.length} ${names.length === 1 ? 'source' : 'sources'}`;
  if (names.length === 0 && !documents)
    return {
      level: 'warning',
      found,
      remedy: 'Add one: "evervec init" proposes some; or take documents in: "evervec docs add".',
    };
  const off = [
    ...(queueEnabled === false ? ['the queue (EMBEDDING_QUEUE_ENABLED)'] : []),
    ...(semanticSearch === false ? ['search by meaning (SEMANTIC_SEARCH_ENABLED)'] : []),
  ];
  if (off.length === 0) return good(found);
  return {
    level: 'warning',
    found: `${found}; switched off: ${off.join(', ')}`,
    remedy: 'Switch it on again if that is not meant.',
  };
}

async function checkDatabase(verdicts: Verdict[], config: Config): Promise<void> {
  const evervec = await attempt(verdicts, 'database', async () => {
    const opened = await createEvervec(config, { logger: createLogger() });
    const { kind, serverVersion } = opened.database.capabilities;
    return [opened, good(`${kind}, Postgres ${Math.floor(serverVersion / 10_000)}`)];
  });
  if (!evervec) return;
  try {
    await attempt(verdicts, 'sources', async () => {
      const found = await evervec.verify();
      verdicts.push(...found);
      return [found, good(`${evervec.sourceNames.join(', ')}: tables, columns and keys are there`)];
    });
    await checkDocuments(verdicts, evervec);
    await checkFilters(verdicts, evervec);
    const unkept = await evervec.unkept().catch(() => []);
    if (unkept.length > 0)
      verdicts.push({
        what: 'kept answers',
        level: 'warning',
        found: `none of ${unkept.join(', ')}: not every change is seen`,
        remedy: 'Run "evervec setup" as the owner of the tables; of a view there are none.',
      });
    await attempt(verdicts, 'model', async () => [true, await tryModel(evervec)]);
    const { checks } = await evervec.queue.health();
    for (const check of checks) verdicts.push({ ...check, what: `queue: ${check.what}` });
  } finally {
    await evervec.close();
  }
}

/** Nothing is said where there are none. */
async function checkDocuments(verdicts: Verdict[], { documents }: Evervec): Promise<void> {
  const { total } = await documents.list({ limit: 1 });
  if (total === 0) return;
  const paused = (await documents.web.status()).filter(({ paused_at }) => paused_at !== null);
  const found = `${total.toLocaleString('en')} documents`;
  if (paused.length === 0) verdicts.push({ what: 'documents', ...good(found) });
  else
    verdicts.push({
      what: 'documents',
      level: 'warning',
      found: `${found}, ${paused.length} no longer fetched from their URLs`,
      remedy:
        '"evervec docs refresh --status" says why; "evervec docs refresh DOCUMENT" tries one.',
    });
}

/** Nothing is said where no index is missing, or nothing was set up. */
async function checkFilters(verdicts: Verdict[], evervec: Evervec): Promise<void> {
  const proposals = await evervec.indexProposals().catch(() => []);
  for (const { source, column, uses, rows, statement } of proposals)
    verdicts.push({
      what: `filter on ${source}.${column}`,
      level: 'warning',
      found: `${uses.toLocaleString('en')} searches, no index, ${rows.toLocaleString('en')} rows`,
      remedy: `Run "${statement}".`,
    });
}

/** A search waits for it: longer is felt. */
const SLOW_MS = 2_000;

/** One real call. */
async function tryModel({ model, sourceNames }: Evervec): Promise<Judged> {
  const purpose = { sources: sourceNames, cause: 'query' } as const;
  const started = performance.now();
  const { embeddings } = await model.doEmbed({ values: ['evervec'], kind: 'query', purpose });
  const tookMs = performance.now() - started;
  const width = embeddings[0]?.length ?? 0;
  const found = `${model.id}: ${width} dimensions, ${tookMs.toFixed(1)} ms`;
  if (width !== model.dimensions)
    return {
      level: 'bad',
      found: `${found}, not the ${model.dimensions} that are configured`,
      remedy: 'Set the dimensions that it answers with.',
    };
  if (tookMs <= SLOW_MS) return good(found);
  return { level: 'warning', found, remedy: 'Each search by meaning takes that much longer.' };
}

/** Turns a failure into a verdict, so that the other checks still run. */
async function attempt<T>(
  verdicts: Verdict[],
  what: string,
  work: () => Promise<[T, Judged]>,
): Promise<T | null> {
  try {
    const [result, judged] = await work();
    verdicts.push({ what, ...judged });
    return result;
  } catch (error) {
    verdicts.push(failed(what, error));
    return null;
  }
}

function failed(what: string, error: unknown): Verdict {
  return {
    what,
    level: 'bad',
    found: error instanceof Error ? error.message : String(error),
    ...(error instanceof EvervecError && { remedy: error.remedy }),
  };
}
