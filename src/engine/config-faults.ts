/** What each field of a configuration for itself may say, and not all of them together. */
import { bulkLane, standbyLane } from '../queue/index.ts';
import { type ReleaseOptions, tiersToPublish } from '../release/options.ts';
import { RETRY } from '../worker/index.ts';
import type { Config } from './config.ts';
import { DOCUMENTS, tiersOf } from './document-source.ts';

/** Tiers of tokens that there are not, or that mean nothing. */
function tokenFaults(config: Config): string[] {
  const tiers = tiersOf(config);
  return Object.entries(config.server?.tokens ?? {}).flatMap(
    ([name, { scope, tiers: its = [] }]) => [
      ...(scope === 'admin' && its.length > 0
        ? [`server.tokens.${name}.tiers: an admin sees all tiers`]
        : []),
      ...its
        .filter((tier) => !tiers.includes(tier))
        .map(
          (tier) =>
            `server.tokens.${name}.tiers: there is no tier "${tier}", they are ${tiers.join(', ')}`,
        ),
    ],
  );
}

/** Of releases: a source, a collection or a tier that there is not, or that mean nothing together. */
function releaseFaults(config: Config): string[] {
  return Object.entries(config.releases ?? {}).flatMap(([name, options]) =>
    [...faultsOfRelease(config, options), ...servingFaults(options)].map(
      (fault) => `releases.${name}.${fault}`,
    ),
  );
}

function servingFaults({ serve = false, target }: ReleaseOptions): string[] {
  return serve !== false && target === undefined ? ['serve: it has no target to serve'] : [];
}

function faultsOfRelease(config: Config, options: ReleaseOptions): string[] {
  const { source = DOCUMENTS, collection, tiers } = options;
  const table = Object.hasOwn(config.sources, source) ? config.sources[source] : undefined;
  if (table === undefined && (source !== DOCUMENTS || config.documents === false))
    return [`source: there is no source "${source}"`];
  const faults: string[] = [];
  if (table !== undefined && collection !== undefined)
    faults.push(`collection: source "${source}" has none, documents have`);
  if (table !== undefined && table.tier === undefined && tiers !== undefined)
    faults.push(`tiers: source "${source}" has none`);
  if (table !== undefined) return faults;
  const known = tiersOf(config);
  for (const tier of tiersToPublish(options))
    if (!known.includes(tier))
      faults.push(`tiers: there is no tier "${tier}", they are ${known.join(', ')}`);
  return faults;
}

/** @returns each fault with the field that it is about */
export function contradictions(config: Config): string[] {
  const { sources, documents, lanes = {}, worker = {} } = config;
  const faults: string[] = [...tokenFaults(config), ...releaseFaults(config)];
  const isTaken = documents !== undefined && Object.hasOwn(sources, DOCUMENTS);
  if (isTaken) faults.push(`sources.${DOCUMENTS}: this is the name of the source of documents`);
  const all = documents === false ? sources : { [DOCUMENTS]: documents ?? {}, ...sources };
  const known = Object.entries(all).flatMap(([name, { lane = name }]) =>
    [lane, standbyLane(name)].flatMap((one) => [one, bulkLane(one)]),
  );
  for (const name of Object.keys(lanes))
    if (!known.includes(name))
      faults.push(
        `lanes.${name}: no source has this lane, they are ${[...new Set(known)].join(', ')}`,
      );
  const shares = Object.values(lanes).reduce((sum, { share = 0 }) => sum + share, 0);
  if (shares > 1) faults.push(`lanes: their shares are ${shares} together, more than 1`);
  const { retryBaseMs = RETRY.baseMs, retryCapMs = RETRY.capMs } = worker;
  if (retryBaseMs > retryCapMs)
    faults.push(
      `worker.retryBaseMs: ${retryBaseMs} is longer than worker.retryCapMs, ${retryCapMs}`,
    );
  return faults;
}
