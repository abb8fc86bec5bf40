import type { Command } from 'commander';
import type { QueueStatus } from '../../queue/index.ts';
import { formatTable, print, printJson } from '../output.ts';
import { withEvervec } from '../session.ts';
import { duration, formatEntry, MAX_WIDTH, type ReadOptions, withReadOptions } from './list.ts';

export function addStatus(queue: Command): void {
  withReadOptions(queue.command('status'))
    .description('lanes, jobs by state, workers and what each is doing')
    .action(async (options: ReadOptions) => {
      const status = await withEvervec(options, (evervec) => evervec.queue.status());
      if (options.json) return printJson(status);
      print(formatStatus(status, options.details));
    });
}

export function formatStatus(status: QueueStatus, details = false): string {
  const stopped = status.stopped
    ? [`STOPPED at ${status.stopped_at} by ${status.stopped_by}: no worker takes anything`, '']
    : [];
  return [
    ...stopped,
    formatLanes(status),
    '',
    formatWaiting(status),
    '',
    formatWorkers(status, details),
  ].join('\n');
}

function formatLanes({ lanes, count_limit }: QueueStatus): string {
  const shown = (count: number) => (count >= count_limit ? `${count}+` : count);
  return formatTable(
    ['lane', 'ready', 'leased', 'waiting', 'parked', 'oldest', ''],
    Object.entries(lanes).map(([name, lane]) => [
      name,
      shown(lane.ready),
      shown(lane.leased),
      shown(lane.waiting),
      shown(lane.parked),
      duration(lane.oldest_ready_s),
      [
        ...(lane.paused ? ['paused'] : []),
        ...(lane.budget_paused ? ['paused: daily budget'] : []),
        ...(lane.priority === 0 ? [] : [`priority ${lane.priority}`]),
        ...(lane.concurrency === null ? [] : [`at most ${lane.concurrency}`]),
        ...(lane.share === null ? [] : [`share ${lane.share}`]),
      ].join(', '),
    ]),
    MAX_WIDTH,
  );
}

function formatWaiting({ counts, at_least, oldest_ready_s }: QueueStatus): string {
  const more = at_least.includes('unfolded') ? ' or more' : '';
  return `${counts.unfolded}${more} changes logged and not yet queued; oldest ready job ${
    duration(oldest_ready_s) ?? 'none'
  }`;
}

function formatWorkers({ workers }: QueueStatus, details: boolean): string {
  if (workers.length === 0) return 'no worker is running: start one with "evervec worker"';
  if (details) return workers.map(formatEntry).join('\n\n');
  return formatTable(
    ['worker', 'host', 'pid', 'heartbeat', 'working on', 'leased', 'processed', 'last error'],
    workers.map((worker) => [
      worker.id.slice(0, 8),
      worker.host,
      worker.pid,
      `${worker.heartbeat_age_s.toFixed(0)} s ago${worker.is_silent ? ', silent' : ''}`,
      worker.working_on === null
        ? 'idle'
        : `${worker.working_on}, ${duration(worker.working_s) ?? ''}`,
      worker.leased,
      worker.processed,
      worker.last_error ?? '',
    ]),
    MAX_WIDTH,
  );
}
