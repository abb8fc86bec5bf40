/** The queue, looked at: every list and figure that `evervec.queue` has. */
import type { z } from '@hono/zod-openapi';

import type { Engine } from '../engine.ts';
import { readQuery } from '../query.ts';
import * as shapes from '../queue-schemas.ts';
import { queueStatus } from '../schemas.ts';
import { addRoute, answerWith, type App, failures, json } from './route.ts';

interface List<Query extends z.ZodObject, Answer extends z.ZodType> {
  name: string;
  summary: string;
  description: string;
  query: Query | null;
  answer: Answer;
}

/** `source` is a list of names by now; what is absent stays so, or the engine's defaults would not hold. */
function withSources<T extends { source?: string[] | undefined }>({ source, ...rest }: T) {
  return { ...given(rest), ...(source && { sources: source }) };
}

type Given<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

function given<T extends object>(values: T): Given<T> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<T>;
}

export function addQueueReads(app: App, { queue }: Engine): void {
  const add = <Query extends z.ZodObject, Answer extends z.ZodType>(
    list: List<Query, Answer>,
    read: (query: z.output<Query>) => Promise<z.input<Answer>>,
  ) => addList(app, list, read);

  add(
    {
      name: 'status',
      summary: 'State of the queue',
      description: 'Jobs of each lane, the oldest that waits, and the workers.',
      query: null,
      answer: queueStatus,
    },
    () => queue.status(),
  );
  add(
    {
      name: 'stats',
      summary: 'Statistics',
      description: 'What was done of each source in the last hour, day and week.',
      query: shapes.statsQuery,
      answer: shapes.stats,
    },
    async (query) => ({ stats: await queue.stats(withSources(query)) }),
  );
  add(
    {
      name: 'health',
      summary: 'Health of the queue',
      description: 'One verdict per reason, with what was found and what to do. Always 200.',
      query: shapes.healthQuery,
      answer: shapes.queueHealth,
    },
    async ({ max_age }) =>
      await queue.health(
        max_age === undefined ? {} : { maxAgeS: max_age, withoutWorkerS: max_age },
      ),
  );
  add(
    {
      name: 'metrics',
      summary: 'Metrics',
      description: 'What was done, minute by minute, the latest first.',
      query: shapes.metricsQuery,
      answer: shapes.metrics,
    },
    async ({ minutes, step, ...query }) => {
      const span = given({ spanMinutes: minutes, stepMinutes: step });
      return { metrics: await queue.metrics({ ...withSources(query), ...span }) };
    },
  );
  addHistory(add, queue);
}

type Add = <Query extends z.ZodObject, Answer extends z.ZodType>(
  list: List<Query, Answer>,
  read: (query: z.output<Query>) => Promise<z.input<Answer>>,
) => void;

function addHistory(add: Add, queue: Engine['queue']): void {
  add(
    {
      name: 'recent',
      summary: 'What was done last',
      description: 'The last batches and failures.',
      query: shapes.recentQuery,
      answer: shapes.recent,
    },
    async (query) => ({ recent: await queue.recent(withSources(query)) }),
  );
  add(
    {
      name: 'failed',
      summary: 'Parked jobs',
      description: 'Jobs that were set aside, and how often each error occurs.',
      query: shapes.failedQuery,
      answer: shapes.failed,
    },
    async (query) => await queue.failed(withSources(query)),
  );
  add(
    {
      name: 'stuck',
      summary: 'Stuck jobs',
      description: 'Leased jobs that nobody works on.',
      query: shapes.stuckQuery,
      answer: shapes.stuck,
    },
    async (query) => ({ stuck: await queue.stuck(given(query)) }),
  );
  add(
    {
      name: 'audit',
      summary: 'Audit log',
      description: 'Who did what to the queue, the latest first.',
      query: shapes.auditQuery,
      answer: shapes.audit,
    },
    async (query) => ({ audit: await queue.audit(given(query)) }),
  );
}

function addList<Query extends z.ZodObject, Answer extends z.ZodType>(
  app: App,
  { name, query, answer, ...texts }: List<Query, Answer>,
  read: (query: z.output<Query>) => Promise<z.input<Answer>>,
): void {
  const config = {
    method: 'get' as const,
    path: `/v1/queue/${name}`,
    ...texts,
    ...(query && { request: { query } }),
    responses: { 200: json('As it is now.', answer), ...failures },
  };
  addRoute(app, 'read', config, async ({ request }) => {
    const wanted = query === null ? ({} as z.output<Query>) : readQuery(request, query);
    return answerWith(answer, await read(wanted));
  });
}
