/**
 * Processes of the `model-switch` benchmark, each ended by its parent: `worker` works as `evervec worker` does, `migrate`
 * does what `evervec model migrate` and `switch` do and tells of each step.
 *
 *     node bench/migration-process.ts worker|migrate <database url>
 */
import os from 'node:os';
import { openArticles } from './articles.ts';
import { mirroredModel } from './mirrored-model.ts';

const [role, url = ''] = process.argv.slice(2);
const other = mirroredModel();
const evervec = await openArticles(url, { otherModels: [other] });

if (role === 'worker') {
  const worker = await evervec.worker();
  await worker.start();
  process.send?.('started');
  process.once('disconnect', async () => {
    await worker.stop();
    await evervec.close();
  });
} else {
  const { migrations } = evervec;
  os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
  const tell = (step: string) => process.send?.(step);
  await migrations.begin('articles', other);
  await migrations.queue('articles');
  tell('filling');
  let isIndexing = false;
  await migrations.fill('articles', {
    onProgress: ({ step }) => {
      if (step !== 'indexing' || isIndexing) return;
      isIndexing = true;
      tell('indexing');
    },
  });
  tell('checking');
  const check = await migrations.check('articles');
  if (check.faults.length > 0) tell(`not ready: ${check.faults.join('; ')}`);
  // A change of just now may wait in its queue: it is searched as it was until then (I7).
  await migrations.switch('articles', { force: true });
  tell('switched');
  await evervec.close();
  process.disconnect?.();
}
