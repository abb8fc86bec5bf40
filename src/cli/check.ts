import type { Command } from 'commander';
import { createEvervec, type Config, type Evervec, type Verdict } from '../engine/index.ts';
import { EvervecError } from '../errors/index.ts';
import { type CommonOptions, createLogger, resolveConfig, withCommonOptions } from './session.ts';
import { printVerdicts } from './verify.ts';

export function addCheck(program: Command): void {
  withCommonOptions(program.command('check'))
    .description('check configuration, database, schema and model, each with a verdict')
    .action(async (options: CommonOptions) => {
      const verdicts: Verdict[] = [];
      const config = await attempt(verdicts, 'configuration', async () => {
        const resolved = await resolveConfig(options);
        return [resolved, `${Object.keys(resolved.sources).length} sources`];
      });
      if (config) await checkDatabase(verdicts, config);
      printVerdicts(verdicts, options);
    });
}

async function checkDatabase(verdicts: Verdict[], config: Config): Promise<void> {
  const evervec = await attempt(verdicts, 'database', async () => {
    const opened = await createEvervec(config, { logger: createLogger() });
    const { kind, serverVersion } = opened.database.capabilities;
    return [opened, `${kind}, Postgres ${Math.floor(serverVersion / 10_000)}`];
  });
  if (!evervec) return;
  try {
    await attempt(verdicts, 'sources', async () => {
      const found = await evervec.verify();
      verdicts.push(...found);
      return [found, `${evervec.sourceNames.join(', ')}: tables, columns and keys are there`];
    });
    await attempt(verdicts, 'model', async () => {
      return [true, await tryModel(evervec)];
    });
    const { checks } = await evervec.queue.health();
    for (const { what, level, found, remedy } of checks)
      verdicts.push({
        what: `queue: ${what}`,
        ok: level !== 'bad',
        found,
        ...(remedy && { remedy }),
      });
  } finally {
    await evervec.close();
  }
}

/** One real call. */
async function tryModel({ model }: Evervec): Promise<string> {
  const started = performance.now();
  const { embeddings } = await model.doEmbed({ values: ['evervec'], kind: 'query' });
  const width = embeddings[0]?.length ?? 0;
  if (width !== model.dimensions) throw new Error(`answered ${width} dimensions`);
  return `${model.id}: ${width} dimensions, ${(performance.now() - started).toFixed(1)} ms`;
}

/** Turns a failure into a verdict, so that the other checks still run. */
async function attempt<T>(
  verdicts: Verdict[],
  what: string,
  work: () => Promise<[T, string]>,
): Promise<T | null> {
  try {
    const [result, found] = await work();
    verdicts.push({ what, ok: true, found });
    return result;
  } catch (error) {
    verdicts.push({
      what,
      ok: false,
      found: error instanceof Error ? error.message : String(error),
      ...(error instanceof EvervecError && { remedy: error.remedy }),
    });
    return null;
  }
}
