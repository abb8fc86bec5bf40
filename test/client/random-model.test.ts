/**
 * Random histories of a publisher, a server, two tabs and their device, in any order. After each step one whole release of those that are good answers, and
 * says which it is (I9); nobody goes to an older one but by going back. What fails is printed with its seed, and made shorter.
 */
import * as fc from 'fast-check';
import { it } from 'vitest';

import { MemoryStore } from '../../src/client/index.ts';
import { actIn, TABS, World } from './random-world.ts';
import { createSite } from './release-site.ts';

const RUNS = 40;
/** What is known of the world from outside. */
interface Model {
  isPublished: boolean;
}

type Step = fc.AsyncCommand<Model, World>;

function step(name: string, run: (world: World, model: Model) => Promise<void>): Step {
  return {
    check: (model) => name.startsWith('publish') || model.isPublished,
    run: async (model, world) => await run(world, model),
    toString: () => name,
  };
}

const publishes = fc
  .constantFrom('good', 'same as the first', 'broken', 'with a wrong canary')
  .map((kind) =>
    step(`publish one that is ${kind}`, async (world, model) => {
      model.isPublished = true;
      const first = kind === 'same as the first' ? world.site.editions[0] : undefined;
      const isWhole = first === undefined || !first.isBroken;
      const wrong = { canaries: [{ query: 'edition', expects: ['nowhere'] }] };
      const { sequence } = await world.site.publish(kind === 'with a wrong canary' ? wrong : {}, {
        same: isWhole ? first : undefined,
        broken: kind === 'broken',
      });
      if (kind === 'broken' || kind === 'with a wrong canary') return;
      world.good.add(sequence);
      world.contents.set(sequence, isWhole && first ? first.sequence : sequence);
    }),
  );
const ACTS = ['check', 'download', 'activate', 'update', 'forceUpdate', 'rollback'] as const;
const acts = fc
  .record({ tab: fc.constantFrom(...TABS), act: fc.constantFrom(...ACTS) })
  .map(({ tab, act }) =>
    step(`${act} in tab ${tab}`, async (world) => {
      await actIn(world, tab, async (client) => await client[act]());
    }),
  );
const together = fc.constant(
  step('update in both tabs', async (world) => {
    await actIn(world, 0, async () => {
      await Promise.allSettled(world.clients.map(async (client) => await client.update()));
    });
  }),
);
const restarts = fc.record({ tab: fc.constantFrom(...TABS), clears: fc.boolean() }).map((how) =>
  step(how.clears ? `clear in tab ${how.tab}` : `restart tab ${how.tab}`, async (world) => {
    world.mayFall = [true, true];
    await actIn(world, how.tab, async (client) => {
      if (how.clears) await client.clear();
      else await world.open(how.tab);
    });
  }),
);
const dies = fc.record({ tab: fc.constantFrom(...TABS), left: fc.nat(8) }).map(({ tab, left }) =>
  step(`tab ${tab} ends at write ${left} of an update`, async (world) => {
    const store = world.stores[tab];
    if (store === undefined) return;
    store.left = left;
    await world.clients[tab]?.update().catch(() => {});
    world.mayFall = [true, true];
    await actIn(world, tab, async () => await world.open(tab));
  }),
);
const servers = fc
  .constantFrom('nothing', 'channel', '\\.gz$', '\\.idx$', 'delta', '^b/')
  .map((what) =>
    step(`the server cuts ${what}`, async (world) => {
      world.broken = what === 'nothing' ? undefined : new RegExp(what);
    }),
  );
const loses = fc.constant(
  step('the store loses something', async (world) => {
    const [name] = await world.place.listBlobs();
    if (name !== undefined) await world.place.removeBlob(name);
  }),
);

it('has one whole release after each step of any history', async () => {
  const steps = [publishes, publishes, acts, acts, acts, together, restarts, dies, servers, loses];
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { maxCommands: 40, size: 'max' }), async (commands) => {
      const world = new World(await createSite(12), new MemoryStore(`model-${run++}`));
      for (const tab of TABS) await world.open(tab);
      const setup = () => ({ model: { isPublished: false }, real: world });
      await fc.asyncModelRun(setup, commands);
      world.broken = undefined;
      await Promise.all(world.clients.map(async (client) => await client.close()));
    }),
    { numRuns: RUNS },
  );
});
