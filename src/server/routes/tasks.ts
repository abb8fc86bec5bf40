/** Tasks: what was accepted and is done later. Who made one sees it; an admin sees all. */
import type { NewTask } from '../../document/index.ts';
import type { Caller } from '../access.ts';
import { readJson } from '../body.ts';
import type { Engine } from '../engine.ts';
import { readQuery } from '../query.ts';
import { emptyBody } from '../queue-schemas.ts';
import * as shapes from '../task-schemas.ts';
import { actorOf, idOf, nothing } from './known.ts';
import { addRoute, answerWith, type App, failures, json } from './route.ts';

/** Keeps a task to be done, and tells where it is. */
export async function accept(
  { tasks }: Engine,
  caller: Caller,
  asked: Omit<NewTask, 'madeBy'>,
): Promise<Response> {
  const id = await tasks.create({ ...asked, madeBy: actorOf(caller) });
  const task = await tasks.get(id);
  if (task === null) throw nothing('task');
  const response = answerWith(shapes.task, { task }, 202);
  response.headers.set('location', `/v1/tasks/${id}`);
  return response;
}

/** Whose tasks a caller sees: undefined means everybody's. */
function makerOf(caller: Caller): string | undefined {
  return caller.scope === 'admin' ? undefined : actorOf(caller);
}

export function addTaskRoutes(app: App, { tasks }: Engine): void {
  const list = {
    method: 'get' as const,
    path: '/v1/tasks',
    summary: 'Tasks',
    description: 'The newest first. An admin sees all, others their own.',
    request: { query: shapes.tasksQuery },
    responses: { 200: json('A page of them.', shapes.tasks), ...failures },
  };
  addRoute(app, 'read', list, async ({ request, caller }) => {
    const wanted = readQuery(request, shapes.tasksQuery);
    return answerWith(shapes.tasks, {
      tasks: await tasks.list({ ...wanted, madeBy: makerOf(caller) }),
    });
  });
  const one = {
    method: 'get' as const,
    path: '/v1/tasks/{id}',
    summary: 'A task',
    description: 'How far it is, and what became of its items.',
    responses: { 200: json('As it is now.', shapes.task), ...failures },
  };
  addRoute(app, 'read', one, async ({ caller, params }) => {
    const task = await tasks.get(idOf(params, 'task'), makerOf(caller));
    if (task === null) throw nothing('task');
    return answerWith(shapes.task, { task });
  });
  const cancel = {
    method: 'post' as const,
    path: '/v1/tasks/{id}/cancel',
    summary: 'Cancel a task',
    description: 'What it took in stays; nothing more of it is.',
    request: { body: json('', emptyBody) },
    responses: { 200: json('As it is now.', shapes.cancelled), ...failures },
  };
  addRoute(app, 'write', cancel, async ({ request, caller, params }) => {
    const id = idOf(params, 'task');
    await readJson(request, emptyBody, { mayBeEmpty: true });
    if ((await tasks.get(id, makerOf(caller))) === null) throw nothing('task');
    const cancelled = await tasks.cancel(id);
    const task = await tasks.get(id);
    if (task === null) throw nothing('task');
    return answerWith(shapes.cancelled, { cancelled, task });
  });
}
