/** The service: sets up, embeds what waits, then works and serves until stopped. */
import { actor } from './actor.ts';
import type { Command } from 'commander';
import { type Config, createEvervec, type Evervec, VERSION } from '../engine/index.ts';
import { embedPending } from './backfill.ts';
import { formatHits } from './hits.ts';
import { formatTable, print, printJson } from './output.ts';
import { openServing } from './serving.ts';
import { prepareSample, SAMPLE_QUERIES } from './sample.ts';
import {
  applyServerOptions,
  type CommonOptions,
  createLogger,
  environmentOf,
  resolveConfig,
  untilStopped,
  withCommonOptions,
} from './session.ts';
import { wholeNumber } from './worker.ts';

interface Options extends CommonOptions {
  once?: boolean;
  host?: string;
  port?: number;
}

export function addUp(program: Command): void {
  withCommonOptions(program.command('up'))
    .option('--once', 'set up, embed, search (with --sample), and end')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <n>', 'port to listen on (default: 3883)', wholeNumber(0, 65_535))
    .description('set up, embed, and serve search until stopped')
    .action(async (options: Options) => {
      const config = await resolveConfig(options);
      const evervec = await createEvervec(config, { logger: createLogger() });
      try {
        await run(evervec, config, options);
      } finally {
        await evervec.close();
      }
    });
}

async function run(evervec: Evervec, config: Config, options: Options): Promise<void> {
  if (options.once) {
    await prepare(evervec, options);
    return await finish(evervec, options);
  }
  const { signal, stopped } = untilStopped();
  const { createHandler, serve } = await import('../server/index.ts');
  const {
    host,
    port,
    handler: given,
  } = applyServerOptions(config, options, environmentOf(), signal);
  const releases = await openServing(evervec, config);
  // Before anything else is made: the address may be taken. What is embedded meanwhile can be watched there.
  const handler = createHandler(evervec, {
    host,
    version: VERSION,
    logger: createLogger(),
    ...given,
    releases,
    ...(options.sample && { examples: SAMPLE_QUERIES.map(({ request }) => request.query) }),
  });
  const server = await serve(handler, { host, port });
  try {
    await releases?.start();
    await prepare(evervec, options);
    if (signal.aborted) return;
    const worker = evervec.isQueueEnabled ? await evervec.worker() : null;
    await worker?.start();
    const tasks = evervec.tasks.runner();
    await tasks.start();
    if (options.json) printJson({ url: server.url, worker: worker?.id ?? null });
    else announce(server.url, evervec, options);
    await stopped;
    print('\nstopping');
    await tasks.stop();
    await worker?.stop();
  } finally {
    await server.close();
    await releases?.stop();
  }
}

/** Brings every source to a searchable state. */
async function prepare(evervec: Evervec, options: Options): Promise<void> {
  if (options.sample) {
    const { airports, offers } = await prepareSample(evervec.database);
    if (!options.json) print(`sample tables: ${airports} airports, ${offers} jet offers`);
  }
  const reports = await evervec.setup();
  const waiting = reports.filter((report) => report.needsBackfill).map((report) => report.source);
  if (waiting.length > 0) await evervec.backfill(waiting, { by: actor() });
  const started = performance.now();
  const done = await embedPending(evervec, undefined);
  if (done > 0 && !options.json) {
    const seconds = (performance.now() - started) / 1_000;
    print(
      `embedded ${done.toLocaleString('en')} records in ${seconds.toFixed(1)} s with ${evervec.model.id}\n`,
    );
  }
}

async function finish(evervec: Evervec, options: Options): Promise<void> {
  if (!options.sample) {
    const sources = await evervec.sources();
    if (options.json) return printJson({ sources });
    return print(
      formatTable(
        ['source', 'table', 'records', 'chunks'],
        sources.map((one) => [one.name, one.table, one.records, one.chunks]),
      ),
    );
  }
  const searches = [];
  for (const { request } of SAMPLE_QUERIES) {
    const answer = await evervec.search({ limit: 3, ...request });
    searches.push({ request, ...answer });
    if (!options.json) print(`${formatHits(request.query, answer)}\n`);
  }
  if (options.json) printJson({ searches });
}

function announce(url: string, evervec: Evervec, options: Options): void {
  const query = options.sample ? (SAMPLE_QUERIES[0]?.request.query ?? '') : 'your question';
  const at = options.sample ? ' --sample' : '';
  print(`Evervec is up: ${url}  (sources: ${evervec.sourceNames.join(', ')})

Try, in another terminal:
  npx evervec search "${query}"${at}
  npx evervec queue status${at}
  curl -s ${url}/v1/search -H 'content-type: application/json' -d '{"query": "${query}", "limit": 3}'

Ctrl-C stops it.`);
}
