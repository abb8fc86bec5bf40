/**
 * The spaces of sources, and their changes of model. A second space is begun and its records are queued here; workers
 * fill it. Takes no address and no key from the network.
 */
import type { z } from '@hono/zod-openapi';

import type { MigrationPlan } from '../../engine/index.ts';
import { readJson } from '../body.ts';
import { requireConfirmation } from '../confirmation.ts';
import type { Engine } from '../engine.ts';
import * as shapes from '../model-schemas.ts';
import { readQuery } from '../query.ts';
import { addRoute, answerWith, type App, failures, json } from './route.ts';

type Migrations = Engine['migrations'];

export function addModelRoutes(app: App, { migrations }: Engine): void {
  addStatus(app, migrations);
  addMigrate(app, migrations);
  addExchanges(app, migrations);
  addDrop(app, migrations);
}

function addStatus(app: App, migrations: Migrations): void {
  const config = {
    method: 'get' as const,
    path: '/v1/models',
    summary: 'Spaces of sources',
    description: 'Model, chunking and language of each source, and how far a migration is.',
    request: { query: shapes.modelsQuery },
    responses: {
      200: json('All configured sources, or those asked for.', shapes.models),
      ...failures,
    },
  };
  addRoute(app, 'read', config, async ({ request }) => {
    const { source } = readQuery(request, shapes.modelsQuery);
    return answerWith(shapes.models, { sources: await migrations.status(source) });
  });
}

function addMigrate(app: App, migrations: Migrations): void {
  const config = {
    ...described(
      'migrate',
      'Begin a migration',
      'Makes a second space beside the one that is searched and queues all records for it; goes on with one that was cut short. Wants `confirm` where the model may cost money.',
      shapes.migrateBody,
    ),
    responses: {
      200: json(
        'There was nothing to do, or with `dryRun` what it would take.',
        shapes.models.or(shapes.plans),
      ),
      202: json('All records are queued; workers fill the space.', shapes.models),
      ...failures,
    },
  };
  addRoute(app, 'admin', config, async ({ request, caller }) => {
    const { source, to, dryRun, confirm } = await readJson(request, shapes.migrateBody);
    const plan = await migrations.plan(source, to);
    if (dryRun === true) return answerWith(shapes.plans, { plans: [plan] });
    const isWanted = plan.differs.length > 0;
    if (isWanted && plan.cost !== 0) requireConfirmation({ confirm }, cost(plan));
    const by = `http ${caller.name}`;
    // Cut short between the two, it is gone on with when asked again.
    const isBegun = isWanted && (await migrations.begin(source, to, by));
    if (isBegun) await migrations.queue(source, { by });
    const sources = await migrations.status([source]);
    return answerWith(shapes.models, { sources }, isBegun ? 202 : 200);
  });
}

/** After "This would". */
function cost({ to, chunks, tokens, cost: money }: MigrationPlan): string {
  const price =
    money === null ? 'at a price that is not known' : `for about US$ ${money.toFixed(4)}`;
  return `embed some ${chunks} texts of ${tokens} tokens with ${to} ${price}`;
}

function addExchanges(app: App, migrations: Migrations): void {
  const responses = { 200: json('It was done.', shapes.models), ...failures };
  const switching = described(
    'switch',
    'Switch',
    'Checks the second space, and searches read it from then on; the first is kept to go back to.',
    shapes.switchBody,
  );
  addRoute(app, 'admin', { ...switching, responses }, async ({ request, caller }) => {
    const { source, ...options } = await readJson(request, shapes.switchBody);
    await migrations.switch(source, { ...options, by: `http ${caller.name}` });
    return answerWith(shapes.models, { sources: await migrations.status([source]) });
  });
  const back = described(
    'rollback',
    'Roll back',
    'Searches read the space from before the switch again; the other is kept in its turn.',
    shapes.rollbackBody,
  );
  addRoute(app, 'admin', { ...back, responses }, async ({ request, caller }) => {
    const { source, ...options } = await readJson(request, shapes.rollbackBody);
    await migrations.rollback(source, { ...options, by: `http ${caller.name}` });
    return answerWith(shapes.models, { sources: await migrations.status([source]) });
  });
}

function addDrop(app: App, migrations: Migrations): void {
  const config = {
    ...described(
      'drop',
      'Drop the second space',
      'Ends a migration, or gives up the way back. Wants `confirm`.',
      shapes.dropBody,
    ),
    responses: { 200: json('It was done.', shapes.dropped), ...failures },
  };
  addRoute(app, 'admin', config, async ({ request, caller }) => {
    const { source, ...body } = await readJson(request, shapes.dropBody);
    requireConfirmation(body, 'drop the second space with its vectors');
    const isDropped = await migrations.drop(source, `http ${caller.name}`);
    return answerWith(shapes.dropped, { dropped: { [source]: isDropped } });
  });
}

function described(name: string, summary: string, description: string, body: z.ZodObject) {
  const method = 'post' as const;
  const request = { body: { required: true, ...json('', body) } };
  return { method, path: `/v1/models/${name}`, summary, description, request };
}
