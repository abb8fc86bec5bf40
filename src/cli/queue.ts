import type { Command } from 'commander';
import type { QueueStatus } from '../queue/index.ts';
import { formatTable, print, printJson } from './output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from './session.ts';

export function addQueue(program: Command): void {
  const queue = program.command('queue').description('look at the queue and act on it');
  withCommonOptions(queue.command('status'))
    .description('lanes, jobs by state, workers')
    .action(async (options: CommonOptions) => {
      const status = await withEvervec(options, (evervec) => evervec.queueStatus());
      if (options.json) return printJson(status);
      print(formatStatus(status));
    });
}

export function formatStatus(status: QueueStatus): string {
  const { counts } = status;
  const lanes = Object.entries(status.lanes).map(([name, lane]) => [
    name,
    lane.ready,
    lane.leased,
    lane.waiting,
    lane.parked,
    lane.paused ? 'paused' : '',
  ]);
  const lines = [
    formatTable(['lane', 'ready', 'leased', 'waiting', 'parked', ''], lanes),
    '',
    `${counts.unfolded} changes logged and not yet queued; oldest ready job ${
      status.oldest_ready_s === null ? 'none' : `${status.oldest_ready_s.toFixed(1)} s`
    }`,
    '',
  ];
  if (status.workers.length === 0)
    lines.push('no worker is running: start one with "evervec worker"');
  else
    lines.push(
      formatTable(
        ['worker', 'host', 'pid', 'heartbeat', 'leased', 'processed', 'last error'],
        status.workers.map((worker) => [
          worker.id.slice(0, 8),
          worker.host.slice(0, 20),
          worker.pid,
          `${worker.heartbeat_age_s.toFixed(0)} s ago`,
          worker.leased,
          worker.processed,
          worker.last_error?.slice(0, 30) ?? '',
        ]),
      ),
    );
  return lines.join('\n');
}
