import type { Command } from 'commander';
import type { RetrySelection } from '../../engine/index.ts';
import { confirm } from '../confirm.ts';
import { print, printJson } from '../output.ts';
import { withCommonOptions, withEvervec } from '../session.ts';
import { actor } from '../actor.ts';
import { type ActOptions } from './act.ts';
import { count, withSources } from './list.ts';

interface Options extends ActOptions {
  source?: string[];
  error?: string;
  all?: boolean;
}

/** More than these cost time and money: then it asks. */
const MANY = 1_000;

export function addRetry(queue: Command): void {
  withSources(withCommonOptions(queue.command('retry')))
    .argument('[id...]', 'ids of jobs, as "queue failed" lists them')
    .option('--error <class>', 'those with this error: as listed, or the first word')
    .option('--all', 'all that were set aside')
    .option('--confirm', `do not ask, however many (it asks from ${MANY} on)`)
    .description('try jobs again that were set aside')
    .action(async (ids: string[], { source, error, all, ...options }: Options) => {
      const selection: RetrySelection = {
        ...(ids.length > 0 && { ids }),
        ...(source && { sources: source }),
        ...(error !== undefined && { error }),
        ...(all && { all }),
      };
      await withEvervec(options, async (evervec) => {
        if (ids.length === 0 && (source ?? error ?? all) !== undefined) {
          const found = await evervec.queue.countFailed(selection, MANY);
          if (found >= MANY && !(await confirm(`Retry ${MANY} jobs or more?`, options.confirm)))
            return print('nothing was done');
        }
        const retried = await evervec.queue.retry(selection, actor());
        if (options.json) return printJson({ retried });
        print(retried === 0 ? 'there is nothing to retry' : `${count(retried, 'job')} ready again`);
      });
    });
}
