import type { Command } from 'commander';
import type { AuditEntry } from '../../queue/index.ts';
import { withEvervec } from '../session.ts';
import { type ListOptions, printList, time, withListOptions } from './list.ts';

interface Options extends ListOptions {
  action?: string;
}

export function addAudit(queue: Command): void {
  withListOptions(queue.command('audit'))
    .option('--action <name>', 'only this: stop, start, pause, resume, retry, clear, …')
    .description('who did what to the queue, the latest first')
    .action(async ({ action, limit, ...options }: Options) => {
      const entries = await withEvervec(options, (evervec) =>
        evervec.queue.audit({
          ...(action !== undefined && { action }),
          ...(limit !== undefined && { limit }),
        }),
      );
      printList<AuditEntry>(
        'audit',
        entries,
        {
          'at (UTC)': (one) => time(one.at),
          actor: (one) => one.actor,
          action: (one) => one.action,
          target: (one) => one.target,
          detail: (one) => formatDetail(one.detail),
        },
        { ...options, empty: 'nothing was done yet' },
      );
    });
}

function formatDetail(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join('+') : String(value)}`)
    .join(', ');
}
