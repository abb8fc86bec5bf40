/**
 * Runs a benchmark by its name, or lists them.
 *
 *     npm run bench                                  the benchmarks, their claims and aims
 *     npm run bench -- NAME [--json] [--runs N] [--rows N | --chunks N] [operand …]
 *
 * Needs `npm run services` where the claim is about Postgres. With `--json` the last line is one JSON object.
 * Exits 0 when the aim is met, 1 when it is not, 2 on wrong use.
 */
import { parseArgs } from 'node:util';
import { type Bench, isMet, type Outcome, type Spread } from './bench.ts';

/** Loaded when asked for: some need packages that only `npm run services` installs. */
const BENCHES: Record<string, () => Promise<{ bench: Bench }>> = {
  capture: () => import('./capture.ts'),
  drain: () => import('./drain.ts'),
  searchable: () => import('./searchable.ts'),
  freshness: () => import('./freshness.ts'),
  scale: () => import('./scale.ts'),
  bloat: () => import('./bloat.ts'),
  workers: () => import('./workers.ts'),
  recovery: () => import('./recovery.ts'),
  'model-switch': () => import('./model-switch.ts'),
  bm25: () => import('./bm25.ts'),
  tiers: () => import('./tiers.ts'),
  search: () => import('./search.ts'),
  http: () => import('./http.ts'),
  recall: () => import('./recall.ts'),
  memory: () => import('./memory.ts'),
  import: () => import('./import.ts'),
  chunker: () => import('./chunker.ts'),
  'embedded-model': () => import('./embedded-model.ts'),
  release: () => import('./release.ts'),
  'release-build': () => import('./release-build.ts'),
  'browser-search': () => import('./browser-search.ts'),
  'page-search': () => import('./page-search.ts'),
  install: () => import('./install.ts'),
  'quality-embedded-model': () => import('./quality-embedded-model.ts'),
  'quality-search': () => import('./quality-search.ts'),
};

async function list(): Promise<void> {
  for (const [name, load] of Object.entries(BENCHES)) {
    const { bench } = await load();
    console.log(`${name}\n  ${bench.claim}\n  aim: ${bench.aim.text}`);
  }
}

function print(bench: Bench, outcome: Outcome, met: boolean): void {
  console.log(`${bench.name}: ${bench.claim}`);
  const width = Math.max(...Object.keys(outcome.figures).map((label) => label.length));
  for (const [label, figure] of Object.entries(outcome.figures))
    console.log(`  ${label.padEnd(width)}  ${format(figure)}`);
  for (const remark of outcome.remarks ?? []) console.log(`  ${remark}`);
  console.log(`  ratio ${format(outcome.ratio)}`);
  console.log(`  aim ${bench.aim.text}: ${met ? 'met' : 'MISSED'}`);
}

function format(figure: number | Spread): string {
  if (typeof figure === 'number') return short(figure);
  const { median, min, max } = figure;
  return min === max ? short(median) : `${short(median)} (${short(min)} to ${short(max)})`;
}

function short(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

function usage(message: string): void {
  console.error(`${message}\nusage: npm run bench -- [${Object.keys(BENCHES).join('|')}]`);
  process.exitCode = 2;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string' },
    rows: { type: 'string' },
    chunks: { type: 'string' },
  },
});
const [name, ...operands] = positionals;
const load = name === undefined ? undefined : BENCHES[name];
const [runs, rows] = [values.runs, values.rows ?? values.chunks].map((value) =>
  value === undefined ? undefined : Number(value),
);
if (name === undefined) await list();
else if (load === undefined) usage(`There is no benchmark "${name}".`);
else if ([runs, rows].some((value) => value !== undefined && !(value >= 1)))
  usage('--runs, --rows and --chunks take a whole number from 1.');
else {
  const { bench } = await load();
  const note = (line: string) => process.stderr.write(`${line}\n`);
  if (runs !== undefined && runs < 3) note('Fewer than 3 rounds say little.');
  const outcome = await bench.run({ runs, rows, operands, note });
  const met = isMet(bench.aim, outcome.ratio.median);
  print(bench, outcome, met);
  if (values.json)
    console.log(
      JSON.stringify({
        name: bench.name,
        figures: outcome.figures,
        ratio: outcome.ratio.median,
        aim: bench.aim.ratio,
        met,
      }),
    );
  process.exitCode = met ? 0 : 1;
}
