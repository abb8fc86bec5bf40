/** What the commands that change something have in common: who is asked. */
import type { QueueAdmin } from '../../engine/index.ts';
import { confirm } from '../confirm.ts';
import { print, printJson } from '../output.ts';
import { type CommonOptions, withEvervec } from '../session.ts';

export interface ActOptions extends CommonOptions {
  confirm?: boolean;
}

/** Asks before it opens anything, unless --confirm was given. @returns whether it was done */
export async function actConfirmed<T>(
  options: ActOptions,
  question: string,
  act: (queue: QueueAdmin) => Promise<T>,
  tell: (result: T) => string,
): Promise<void> {
  if (await confirm(question, options.confirm)) return await actNow(options, act, tell);
  print('nothing was done');
}

export async function actNow<T>(
  options: ActOptions,
  act: (queue: QueueAdmin) => Promise<T>,
  tell: (result: T) => string,
): Promise<void> {
  const result = await withEvervec(options, ({ queue }) => act(queue));
  if (options.json) return printJson(result);
  print(tell(result));
}
