/** What happened last to the release, in a sentence. */
import type { ReleaseClient, ReleaseClientEvents } from 'evervec/client';
import { useEffect, useState } from 'react';

export interface News {
  readonly kind: 'good' | 'bad';
  readonly text: string;
}

/** Good news goes by itself. */
const SHOWN_MS = 10_000;

/** @returns the last news, until it is put away */
export function useNews(client: ReleaseClient): [News | null, () => void] {
  const [news, setNews] = useState<News | null>(null);
  useEffect(() => {
    const ends = [
      client.on('updateStarted', () => setNews(null)),
      client.on('updateCompleted', (event) => setNews(completed(event))),
      client.on('rolledBack', (event) => setNews(rolledBack(event))),
      client.on('updateFailed', (event) => {
        if (isWorthTelling(event)) setNews(failed(event));
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [client]);
  useEffect(() => {
    if (news?.kind !== 'good') return undefined;
    const timer = setTimeout(() => setNews(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [news]);
  return [news, () => setNews(null)];
}

function completed({ release, before, isElsewhere }: ReleaseClientEvents['updateCompleted']): News {
  const text = isElsewhere
    ? `Release ${release.version} was put in place by another tab.`
    : before === null
      ? `Release ${release.version} is on this device. From here on no network is needed.`
      : `Release ${release.version} is in place of ${before.version}.`;
  return { kind: 'good', text };
}

function rolledBack({ from, to, why }: ReleaseClientEvents['rolledBack']): News {
  const now = to === null ? 'There is none before it.' : `Release ${to.version} is in use again.`;
  return why === 'asked'
    ? { kind: 'good', text: now }
    : { kind: 'bad', text: `Release ${from.version} did not work here. ${now}` };
}

/** That nobody could be asked is no news while there is something to search. */
function isWorthTelling({ stage, inUse }: ReleaseClientEvents['updateFailed']): boolean {
  return stage !== 'check' || inUse === null;
}

function failed({ error, inUse }: ReleaseClientEvents['updateFailed']): News {
  const stays = inUse === null ? '' : ` Release ${inUse.version} stays.`;
  return { kind: 'bad', text: `${error.message} ${error.remedy}${stays}` };
}
