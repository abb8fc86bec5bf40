/** Releases that `evervec up` shows. Modules about releases are loaded where there is one to show. */
import type { Config, Evervec, ReleaseServing } from '../engine/index.ts';
import { createLogger, environmentOf } from './session.ts';

/** @returns undefined where the configuration serves none */
export async function openServing(
  evervec: Evervec,
  { releases = {} }: Config,
): Promise<ReleaseServing | undefined> {
  if (!Object.values(releases).some(({ serve = false }) => serve !== false)) return undefined;
  const { targetOf } = await import('./release/target-of.ts');
  const serving = await evervec.releases.serving({
    openTarget: targetOf,
    channelKey: environmentOf().EVERVEC_CHANNEL_KEY,
    logger: createLogger(),
  });
  return serving ?? undefined;
}
