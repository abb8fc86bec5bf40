/** `evervec model migrate|status|switch|rollback|drop`: to another model, width, chunking or language and back. */
import os from 'node:os';
import { actor } from './actor.ts';
import type { Command } from 'commander';
import { type ModelChoice, PROVIDERS, type ProviderSettings } from '../embed/index.ts';
import type { Evervec, FillProgress, MigrationPlan, SpaceStatus } from '../engine/index.ts';
import type { Hold } from '../queue/index.ts';
import { ConfigError } from '../errors/index.ts';
import { confirm } from './confirm.ts';
import { formatTable, print, printJson, Progress } from './output.ts';
import { duration } from './queue/list.ts';
import { type CommonOptions, untilStopped, withCommonOptions, withEvervec } from './session.ts';
import { wholeNumber } from './worker.ts';

interface MigrateOptions extends CommonOptions {
  to?: string;
  dimensions?: number;
  dryRun?: boolean;
  yes?: boolean;
  queueOnly?: boolean;
}

interface SwitchOptions extends CommonOptions {
  keep?: number;
  force?: boolean;
}

export function addMigration(model: Command): void {
  withCommonOptions(model.command('migrate'))
    .argument('[source...]', 'default: all whose space is another than the one asked for')
    .option('--to <provider/model>', 'default: the configured model')
    .option('--dimensions <n>', 'of the model of --to', wholeNumber(1, 16_000))
    .option('--dry-run', 'say what it would take and cost, and do nothing')
    .option('--yes', 'do not ask (it asks where the model may cost money)')
    .option('--queue-only', 'leave the work to running workers')
    .description(
      'fill a second space beside the one that is searched; goes on where it was cut short',
    )
    .action(migrate);
  withCommonOptions(model.command('status'))
    .argument('[source...]', 'default: all that are configured')
    .description('the spaces of each source, and how far a migration is')
    .action(status);
  addExchange(model, 'switch', 'search the second space from now on, in one step').option(
    '--force',
    'also where the check finds fault with it',
  );
  addExchange(model, 'rollback', 'search the space from before the switch again');
  withCommonOptions(model.command('drop'))
    .argument('<source...>')
    .option('--confirm', 'do not ask')
    .description('drop the second space: ends a migration, or gives up the way back')
    .action(drop);
}

async function migrate(sources: string[], options: MigrateOptions): Promise<void> {
  const to = choiceOf(options);
  await withEvervec(options, async (evervec) => {
    const plans = await plansOf(evervec, sources, to);
    if (options.dryRun) return options.json ? printJson({ plans }) : print(planTable(plans));
    if (plans.length === 0) return report(evervec, sources, options);
    const mayCost = plans.some(({ cost }) => cost !== 0);
    if (mayCost && !options.yes) {
      process.stderr.write(`${planTable(plans)}\n`);
      const question = `Embed with ${plans[0]?.to}?`;
      if (!(await confirm(question, false, '--yes'))) return print('nothing was done');
    }
    const { signal } = untilStopped();
    // Whoever searches on this machine meanwhile goes first.
    os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
    const progress = new Progress();
    const sayHold = onceEach((line) => progress.end(line));
    const onProgress = (one: FillProgress) => {
      showProgress(progress, one);
      if (one.hold) sayHold(holdLine(one.source, one.hold));
    };
    for (const { source } of plans) {
      await evervec.migrations.begin(source, to, actor());
      await evervec.migrations.queue(source, { by: actor(), onProgress });
      if (options.queueOnly) continue;
      if (!(await evervec.migrations.fill(source, { signal, onProgress }))) break;
      onProgress({ source, step: 'checking', pending: 0 });
      await evervec.migrations.check(source);
    }
    progress.end();
    const names = plans.map(({ source }) => source);
    await report(evervec, names, options);
  });
}

/** Of the chosen sources those where there is anything to do. */
async function plansOf(
  evervec: Evervec,
  sources: readonly string[],
  to: ModelChoice | undefined,
): Promise<MigrationPlan[]> {
  const plans: MigrationPlan[] = [];
  for (const name of sources.length > 0 ? sources : evervec.sourceNames) {
    const plan = await evervec.migrations.plan(name, to);
    if (plan.differs.length > 0) plans.push(plan);
  }
  return plans;
}

async function status(sources: string[], options: CommonOptions): Promise<void> {
  await withEvervec(options, (evervec) => report(evervec, sources, options));
}

async function report(
  evervec: Evervec,
  sources: readonly string[],
  options: CommonOptions,
): Promise<void> {
  const found = await evervec.migrations.status(sources.length > 0 ? sources : undefined);
  if (options.json) return printJson({ sources: found });
  const rows = found.flatMap((one) => [
    [one.source, 'searched', one.model, one.chunking, one.language, null],
    ...(one.second
      ? [
          [
            '',
            one.second.state,
            one.second.model,
            one.second.chunking,
            one.second.language,
            one.second.pending,
          ],
        ]
      : []),
  ]);
  print(formatTable(['source', 'space', 'model', 'chunking', 'language', 'to do'], rows));
  for (const one of found) for (const line of advice(one)) print(line);
}

/** What is to be known of a source, and what comes next. */
function advice({ source, differs, second }: SpaceStatus): string[] {
  if (second === null)
    return differs.length === 0
      ? []
      : [`\n${source}: ${differs.join(', ')}. Next: evervec model migrate ${source}`];
  if (second.state === 'kept')
    return [
      `\n${source}: the space from before is kept up to date until ${second.keep_until ?? 'it is dropped'}.`,
      `Back to it: evervec model rollback ${source}. Drop it now: evervec model drop ${source}`,
    ];
  const { checked } = second;
  if (checked === null || checked.faults.length > 0)
    return [
      `\n${source}: ${checked?.faults.join('; ') ?? 'not checked yet'}. Next: evervec model migrate ${source}`,
    ];
  const recall =
    checked.sampled === 0
      ? 'searched exactly'
      : `recall ${checked.recall.toFixed(3)} over ${checked.sampled} searches`;
  const { labelled } = checked;
  const ranked =
    labelled === undefined
      ? ''
      : `, nDCG@10 ${labelled.now.ndcg10.toFixed(3)} (${labelled.before.ndcg10.toFixed(3)} before) on ${labelled.queries} labelled queries`;
  return [
    `\n${source}: ${checked.records.now.toLocaleString('en')} records, none missing, ${recall}${ranked}. Next: evervec model switch ${source}`,
  ];
}

type Exchange = 'switch' | 'rollback';

const SECOND: Record<Exchange, string> = {
  switch: 'a second space that was not searched yet',
  rollback: 'the space from before a switch',
};

function addExchange(model: Command, action: Exchange, description: string): Command {
  return withCommonOptions(model.command(action))
    .argument('[source...]', `default: all that have ${SECOND[action]}`)
    .option('--keep <days>', 'how long the other space is kept, default 7', wholeNumber(0, 365))
    .description(description)
    .action(async (sources: string[], options: SwitchOptions) => {
      await withEvervec(options, async (evervec) => {
        const { migrations } = evervec;
        const names = sources.length > 0 ? sources : await withSecond(evervec, action);
        const { keep: keepDays, force } = options;
        for (const name of names)
          await (action === 'switch'
            ? migrations.switch(name, { keepDays, force, by: actor() })
            : migrations.rollback(name, { keepDays, by: actor() }));
        await report(evervec, names, options);
      });
    });
}

/** Sources that the action is for: one back must not go with one forth. */
async function withSecond(evervec: Evervec, action: Exchange): Promise<string[]> {
  const found = await evervec.migrations.status();
  const isFor = ({ second }: SpaceStatus) =>
    second !== null && (second.state === 'kept') === (action === 'rollback');
  const names = found.filter(isFor).map(({ source }) => source);
  if (names.length > 0) return names;
  throw new ConfigError(`No source has ${SECOND[action]}.`, {
    remedy: 'See "evervec model status".',
    isUsage: true,
  });
}

async function drop(
  sources: string[],
  options: CommonOptions & { confirm?: boolean },
): Promise<void> {
  const question = `Drop the second space of ${sources.join(', ')}, with its vectors?`;
  if (!(await confirm(question, options.confirm))) return print('nothing was done');
  await withEvervec(options, async (evervec) => {
    const dropped: Record<string, boolean> = {};
    for (const name of sources) dropped[name] = await evervec.migrations.drop(name, actor());
    if (options.json) return printJson({ dropped });
    for (const [name, isDropped] of Object.entries(dropped))
      print(`${name}: ${isDropped ? 'dropped' : 'there was none'}`);
  });
}

/** @throws ConfigError for a provider that is not known */
function choiceOf({ to, dimensions }: MigrateOptions): ModelChoice | undefined {
  const refuse = (message: string, remedy: string) => {
    throw new ConfigError(message, { remedy, isUsage: true });
  };
  if (to === undefined) {
    if (dimensions !== undefined)
      refuse(
        '--dimensions is of the model of --to.',
        'Add --to, or set them in the configuration.',
      );
    return undefined;
  }
  if (to === 'embedded') return to;
  const [provider = '', ...rest] = to.split('/');
  const known = PROVIDERS.find((one) => one === provider);
  const model = rest.join('/');
  if (known === undefined || model === '')
    refuse(
      `"${to}" is no provider/model.`,
      `Use embedded, or one of ${PROVIDERS.join(', ')} with a model: see "evervec model list".`,
    );
  return {
    provider: known as ProviderSettings['provider'],
    model,
    ...(dimensions !== undefined && { dimensions }),
  };
}

function planTable(plans: readonly MigrationPlan[]): string {
  if (plans.length === 0) return 'Every source is as asked for already.';
  const rows = plans.map((plan) => [
    plan.source,
    plan.differs.join(', '),
    plan.records,
    plan.chunks,
    plan.tokens,
    plan.cost === null ? 'unknown' : plan.cost.toFixed(2),
    duration(plan.seconds) ?? 'unknown',
  ]);
  return formatTable(['source', 'changes', 'records', 'texts', 'tokens', 'cost', 'time'], rows);
}

function showProgress(progress: Progress, { source, step, pending }: FillProgress): void {
  progress.update(
    `${source}: ${step}, ${pending.toLocaleString('en')} ${step === 'queueing' ? 'queued' : 'to do'}`,
  );
}

/** Says a line when it is another than the last one. */
function onceEach(say: (line: string) => void): (line: string) => void {
  let last = '';
  return (line) => {
    if (line !== last) say(line);
    last = line;
  };
}

/** Why nothing moves, and what lets it go on: with work held back, this command waits. */
function holdLine(source: string, { why, lanes }: Hold): string {
  const resume = `"evervec queue resume ${lanes.join(' ')}"`;
  const reason = {
    stopped: 'the queue is stopped: "evervec queue start" lets it go on',
    paused: `paused: ${lanes.join(', ')}; ${resume} lets it go on`,
    budget: `the daily budget is reached: it goes on at 00:00 UTC, or today with ${resume}`,
  };
  return `${source}: ${reason[why]}. Until then this waits; after Ctrl-C, the same command goes on.`;
}
