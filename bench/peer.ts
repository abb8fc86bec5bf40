/** Loads what is measured beside ours, from `bench/peers`, which has a lockfile of its own. */
import { createRequire } from 'node:module';

const requirePeer = createRequire(new URL('./peers/package.json', import.meta.url));

/** @throws Error naming the remedy when it is not installed */
export function peer<Module>(name: 'graphile-worker' | 'pg-boss' | '@orama/orama'): Module {
  try {
    return requirePeer(name) as Module;
  } catch (cause) {
    throw new Error(`${name} can't be loaded. Install it with "npm run services".`, { cause });
  }
}
