/** What `evervec release show` tells of a release's health: of all that commands about published releases show, the only part that is in the database. */
import type { ChannelDocument } from '../../format/index.ts';
import { type ReleaseHealth, serveSettings } from '../../release/index.ts';
import { printable } from '../output.ts';
import { resolveConfig, withEvervec } from '../session.ts';
import type { PlaceOptions } from './place.ts';
import { share, size } from './words.ts';

/**
 * @returns null where nobody may report, or the target was named by hand
 */
export async function healthOf(
  name: string,
  channel: string,
  options: PlaceOptions,
): Promise<ReleaseHealth | null> {
  if (options.target !== undefined) return null;
  const { releases = {} } = await resolveConfig(options);
  const configured = Object.hasOwn(releases, name) ? releases[name] : undefined;
  if (!serveSettings(configured?.serve)?.reports) return null;
  return await withEvervec(options, (evervec) => evervec.releases.health(name, channel));
}

export function describeHealth(health: ReleaseHealth, { candidate }: ChannelDocument): string {
  const lines = [
    adoption(health),
    ...health.releases.map(outcomes),
    ...health.failures.slice(0, 10).map(failure),
    ...halts(health, candidate),
  ];
  return lines.map((line, at) => `${at === 0 ? 'health    ' : '          '}${line}`).join('\n');
}

function adoption({ adoption: found, hours }: ReleaseHealth): string {
  const checks = found.reduce((sum, one) => sum + one.checks, 0);
  if (checks === 0) return `no reports in the last ${hours} hours`;
  const parts = found.map((one) => `${percent(one.share)} have ${nameOf(one.sequence)}`);
  return `${checks.toLocaleString('en')} checks in the last ${hours} hours: ${parts.join(', ')}`;
}

function percent(part: number): string {
  return share(Math.round(part * 1_000) * 10);
}

function nameOf(sequence: number): string {
  if (sequence === 0) return 'none';
  return sequence < 0 ? 'one that is long gone' : `release ${sequence}`;
}

function outcomes(one: ReleaseHealth['releases'][number]): string {
  const { sequence, installed, failed, rolled_back, downloaded_bytes } = one;
  return `${nameOf(sequence)}: ${installed} installed, ${failed} failed, ${rolled_back} rolled back, ${size(downloaded_bytes)} downloaded`;
}

function failure({
  sequence,
  kind,
  stage,
  code,
  reports,
  networks,
}: ReleaseHealth['failures'][number]): string {
  const what =
    kind === 'failed' ? `failed at ${stage} with ${printable(code)}` : `was rolled back (${stage})`;
  const whence =
    networks === null
      ? 'very many networks'
      : `about ${networks} network${networks === 1 ? '' : 's'}`;
  return `${nameOf(sequence)} ${what}: ${reports} times, from ${whence}`;
}

function halts({ alerts }: ReleaseHealth, candidate: ChannelDocument['candidate']): string[] {
  const told = alerts.map(({ sequence, at, failing, tried, outcome, reason }) => {
    const found = `it failed from ${failing} of ${tried} networks`;
    return outcome === 'halted'
      ? `roll-out of release ${sequence} halted by the server on ${at}: ${found}`
      : `roll-out of release ${sequence} not halted by the server: ${found}${reason === null ? '' : `; ${printable(reason)}`}`;
  });
  const isByServer = alerts.some(
    ({ sequence, outcome }) => sequence === candidate?.sequence && outcome === 'halted',
  );
  if (candidate?.rollout !== 0 || isByServer) return told;
  return [`roll-out of release ${candidate.sequence} halted by hand`, ...told];
}
