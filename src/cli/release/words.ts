/** How releases are spoken of on a terminal. */
import type { ChannelDocument } from '../../format/index.ts';

/** @param rollout of 10,000 */
export function share(rollout: number): string {
  return `${rollout / 100} %`;
}

export function describeChannel({
  channel,
  version,
  current,
  candidate,
  expires,
}: ChannelDocument): string {
  const offered = [
    `release ${current.sequence}`,
    ...(candidate
      ? [`release ${candidate.sequence} for ${share(candidate.rollout)} of clients`]
      : []),
  ];
  return `channel ${channel}, version ${version}: ${offered.join(', ')}; signed until ${expires} ("evervec release renew" before)`;
}

export function size(bytes: number): string {
  return bytes < 1_000_000
    ? `${(bytes / 1_000).toFixed(1)} kB`
    : `${(bytes / 1_000_000).toFixed(2)} MB`;
}
