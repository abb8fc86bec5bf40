/** Counters of model calls and of kept answers in Prometheus' text format. Labels are names and ids; no text of a record (I11). */
import type { ModelCalls } from '../operate/index.ts';
import type { CacheStats } from '../search/index.ts';

interface Counter {
  name: string;
  help: string;
  value(calls: ModelCalls): string | number | null;
}

const COUNTERS: readonly Counter[] = [
  {
    name: 'evervec_model_calls_total',
    help: 'Calls of a model, also those that failed.',
    value: ({ calls }) => calls,
  },
  {
    name: 'evervec_model_failed_calls_total',
    help: 'Calls without a usable answer.',
    value: ({ failed }) => failed,
  },
  {
    name: 'evervec_model_texts_total',
    help: 'Texts that were sent to a model.',
    value: ({ texts }) => texts,
  },
  {
    name: 'evervec_model_saved_texts_total',
    help: 'Texts that were wanted and needed no call.',
    value: ({ saved }) => saved,
  },
  {
    name: 'evervec_model_tokens_total',
    help: 'Tokens that are or may be billed.',
    value: ({ tokens }) => tokens,
  },
  {
    name: 'evervec_model_cost_dollars_total',
    help: 'US dollars by the price of the time; absent where it is not known.',
    value: ({ money }) => money,
  },
];

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const CACHE_COUNTERS = [
  ['hits', 'Searches that were answered from what was kept.'],
  ['misses', 'Searches whose answer was not there and is kept now.'],
  ['bypassed', 'Searches whose answer may not be kept.'],
] as const;

/** @param cache null where no answers are kept: then nothing is said of it */
export function metricsText(rows: readonly ModelCalls[], cache: CacheStats | null): string {
  const kept = CACHE_COUNTERS.flatMap(([what, help]) =>
    cache === null ? [] : [heading(nameOf(what), help), `${nameOf(what)} ${cache[what]}\n`],
  );
  return [...COUNTERS.map((counter) => section(counter, rows)), ...kept].join('');
}

function nameOf(what: string): string {
  return `evervec_search_cache_${what}_total`;
}

function heading(name: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} counter\n`;
}

function section({ name, help, value }: Counter, rows: readonly ModelCalls[]): string {
  const lines = rows.flatMap((row) => {
    const counted = value(row);
    return counted === null ? [] : [`${name}{${labels(row)}} ${counted}\n`];
  });
  return heading(name, help) + lines.join('');
}

function labels({ provider, model, cause }: ModelCalls): string {
  return Object.entries({ provider, model, cause })
    .map(([name, value]) => `${name}="${escape(value)}"`)
    .join(',');
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
