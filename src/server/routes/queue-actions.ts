/** The queue, acted upon. What throws work or history away, or stops everybody, has to be confirmed in the body. */
import type { z } from '@hono/zod-openapi';

import type { RetrySelection } from '../../engine/index.ts';
import { CLEARABLE_STATES, RETENTION_DAYS } from '../../queue/index.ts';
import type { Scope } from '../access.ts';
import { readJson } from '../body.ts';
import { requireConfirmation } from '../confirmation.ts';
import type { Engine } from '../engine.ts';
import * as shapes from '../queue-schemas.ts';
import { addRoute, answerWith, type App, failures, json } from './route.ts';

interface Action<Body extends z.ZodObject, Answer extends z.ZodType> {
  name: string;
  scope: Scope;
  summary: string;
  description: string;
  body: Body;
  answer: Answer;
}

type Add = <Body extends z.ZodObject, Answer extends z.ZodType>(
  action: Action<Body, Answer>,
  act: (body: z.output<Body>, by: string) => Promise<z.input<Answer>>,
) => void;

/** @param retentionDays what `cleanup` keeps unless told otherwise */
export function addQueueActions(
  app: App,
  { queue }: Engine,
  retentionDays: number = RETENTION_DAYS,
): void {
  const add: Add = (action, act) => addAction(app, action, act);
  addGentle(add, queue);
  addSwitches(add, queue);
  addCleaning(add, queue, retentionDays);
}

function addGentle(add: Add, queue: Engine['queue']): void {
  add(
    {
      name: 'retry',
      scope: 'write',
      summary: 'Retry',
      description: 'Tries parked jobs again: by id, by source and error, or all.',
      body: shapes.retryBody,
      answer: shapes.retried,
    },
    // JSON has no undefined: what zod types as `string | undefined` is a string or absent.
    async (body, by) => ({ retried: await queue.retry(body as RetrySelection, by) }),
  );
  add(
    {
      name: 'pause',
      scope: 'write',
      summary: 'Pause lanes',
      description: 'Nothing more is taken from these lanes, until they are resumed.',
      body: shapes.lanesBody,
      answer: shapes.lanes,
    },
    async ({ lanes }, by) => ({ lanes: await queue.pause(lanes, by) }),
  );
  add(
    {
      name: 'resume',
      scope: 'write',
      summary: 'Resume lanes',
      description: 'Opens paused lanes again.',
      body: shapes.lanesBody,
      answer: shapes.lanes,
    },
    async ({ lanes }, by) => ({ lanes: await queue.resume(lanes, by) }),
  );
}

function addSwitches(add: Add, queue: Engine['queue']): void {
  add(
    {
      name: 'stop',
      scope: 'admin',
      summary: 'Stop',
      description: 'All workers finish what they hold and take nothing more. Wants `confirm`.',
      body: shapes.confirmBody,
      answer: shapes.switched,
    },
    async (body, by) => {
      requireConfirmation(body, 'stop all workers');
      return { changed: await queue.stop(by), stopped: true };
    },
  );
  add(
    {
      name: 'start',
      scope: 'admin',
      summary: 'Start',
      description: 'Lets all workers go on.',
      body: shapes.emptyBody,
      answer: shapes.switched,
    },
    async (_body, by) => ({ changed: await queue.start(by), stopped: false }),
  );
  add(
    {
      name: 'reset-stuck',
      scope: 'admin',
      summary: 'Reset stuck jobs',
      description: 'Makes jobs ready that are leased and worked on by nobody. Wants `confirm`.',
      body: shapes.confirmBody,
      answer: shapes.reset,
    },
    async (body, by) => {
      requireConfirmation(body, 'take jobs from workers that are silent');
      return { reset: await queue.resetStuck(by) };
    },
  );
}

function addCleaning(add: Add, queue: Engine['queue'], retentionDays: number): void {
  add(
    {
      name: 'clear',
      scope: 'admin',
      summary: 'Clear',
      description:
        'Throws waiting work away; its rows are out of date until reconciled. Wants `confirm`.',
      body: shapes.clearBody,
      answer: shapes.cleared,
    },
    async ({ sources, states = CLEARABLE_STATES, ...body }, by) => {
      requireConfirmation(body, 'throw waiting work away');
      return await queue.clear({ states, ...(sources && { sources }) }, by);
    },
  );
  add(
    {
      name: 'cleanup',
      scope: 'admin',
      summary: 'Clean up',
      description: 'Drops old history, audit entries and metrics. Wants `confirm`.',
      body: shapes.cleanupBody,
      answer: shapes.cleanedUp,
    },
    async ({ days = retentionDays, ...body }, by) => {
      requireConfirmation(body, 'drop old history');
      return await queue.cleanup(days, by);
    },
  );
}

function addAction<Body extends z.ZodObject, Answer extends z.ZodType>(
  app: App,
  { name, scope, body, answer, ...texts }: Action<Body, Answer>,
  act: (body: z.output<Body>, by: string) => Promise<z.input<Answer>>,
): void {
  const config = {
    method: 'post' as const,
    path: `/v1/queue/${name}`,
    ...texts,
    request: { body: json('', body) },
    responses: { 200: json('It was done.', answer), ...failures },
  };
  addRoute(app, scope, config, async ({ request, caller }) => {
    const wanted = await readJson(request, body, { mayBeEmpty: true });
    return answerWith(answer, await act(wanted, `http ${caller.name}`));
  });
}
