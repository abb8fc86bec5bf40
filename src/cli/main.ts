/** The command. Exit codes: 0 done, 1 failed, 2 wrong use, 3 not healthy. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../engine/index.ts';
import { EvervecError } from '../errors/index.ts';
import { limitYoungGeneration } from '../worker/index.ts';
import { addAdvise } from './advise.ts';
import { addArchive, addReset, addRestoreArchived } from './archive.ts';
import { addBackfill } from './backfill.ts';
import { addCheck } from './check.ts';
import { addContext } from './context.ts';
import { addEvaluate } from './evaluate.ts';
import { addCost } from './cost.ts';
import { addDocs } from './docs/index.ts';
import { addInit } from './init.ts';
import { addLabel, addLabels } from './labels.ts';
import { addModel } from './model.ts';
import { addQueue } from './queue/index.ts';
import { addReconcile } from './reconcile.ts';
import { addReindex } from './reindex.ts';
import { addRelease } from './release/index.ts';
import { addSearch, addSimilar } from './search.ts';
import { addSetup } from './setup.ts';
import { addTeardown } from './teardown.ts';
import { addUp } from './up.ts';
import { addVerify } from './verify.ts';
import { addWorker } from './worker.ts';

const FAILED = 1;
const WRONG_USE = 2;

limitYoungGeneration();

const program = new Command('evervec')
  .description('Keeps embeddings true to the rows they came from.')
  .version(VERSION)
  // What follows a command's name is the command's own.
  .enablePositionalOptions()
  .showHelpAfterError('(--help shows what there is)');

for (const add of [
  addInit,
  addCheck,
  addVerify,
  addSetup,
  addTeardown,
  addUp,
  addWorker,
  addBackfill,
  addReconcile,
  addArchive,
  addRestoreArchived,
  addReset,
  addReindex,
  addSearch,
  addSimilar,
  addContext,
  addDocs,
  addModel,
  addAdvise,
  addLabel,
  addLabels,
  addEvaluate,
  addCost,
  addQueue,
  addRelease,
])
  await add(program);

/** Commander ends the process by itself unless told otherwise, for each command. */
function keepAlive(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) keepAlive(child);
}
keepAlive(program);

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USE;
  if (error instanceof EvervecError) {
    process.stderr.write(`error: ${error.message}\n${error.remedy}\n`);
    return error.isUsage ? WRONG_USE : FAILED;
  }
  process.stderr.write(`error: ${error instanceof Error ? error.stack : String(error)}\n`);
  return FAILED;
}
