/** What happens to the release: an update that waits for a word, one under way, and how it ended. */
import type { ReleaseClient, ReleaseStatus } from 'evervec/client';
import type { ReleaseView } from 'evervec/react';
import type { News } from './news.ts';

interface Props {
  client: ReleaseClient;
  status: ReleaseStatus;
  progress: ReleaseView['progress'];
  bytes: number | null;
  news: News | null;
  onPutAway: () => void;
}

const UNDER_WAY: ReadonlySet<string> = new Set(['downloading', 'activating']);

export function Updates(props: Props) {
  return (
    <div className="updates" role="status">
      <Update {...props} />
    </div>
  );
}

function Update({ client, status, progress, bytes, news, onPutAway }: Props) {
  const { phase, available } = status;
  if (progress !== null || UNDER_WAY.has(phase)) return <Progress progress={progress} />;
  if (available !== null && waits(status))
    return (
      <Offer
        isFirst={status.active === null}
        available={available}
        bytes={bytes}
        // What fails is told by the client's own event.
        onTake={() => void client.update().catch(() => {})}
      />
    );
  if (news === null) return null;
  return (
    <div className={`banner is-${news.kind}`}>
      <p>{news.text}</p>
      <button type="button" className="quiet" onClick={onPutAway}>
        Close
      </button>
    </div>
  );
}

/** By itself an automatic one goes on at once, unless something held it up. */
function waits({ mode, lastError, phase }: ReleaseStatus): boolean {
  return phase === 'available' && (mode === 'manual' || lastError !== null);
}

interface OfferProps {
  isFirst: boolean;
  available: NonNullable<ReleaseStatus['available']>;
  bytes: number | null;
  onTake: () => void;
}

function Offer({ isFirst, available: { version, change }, bytes, onTake }: OfferProps) {
  const about = isFirst
    ? 'it is verified here, and needs no network afterwards'
    : `a ${change} change${bytes === null ? '' : `, ${sizeOf(bytes)}`}`;
  return (
    <div className="banner is-offer">
      <p>
        <strong>Release {version}</strong> can be installed: {about}.
      </p>
      <button type="button" className="primary" onClick={onTake}>
        {isFirst ? 'Install' : 'Update'}
      </button>
    </div>
  );
}

const STAGES = {
  check: 'Looking',
  download: 'Downloading',
  verify: 'Verifying',
  install: 'Trying it out',
};

function Progress({ progress }: Pick<Props, 'progress'>) {
  const { stage = 'download', percentage = 0, bytes = 0 } = progress ?? {};
  const done = stage === 'download' && bytes > 0 ? `, ${sizeOf(bytes)}` : '';
  return (
    <div className="banner is-busy">
      <p>
        {STAGES[stage]}
        {done}
      </p>
      <progress max={100} value={percentage} aria-label="Update" />
    </div>
  );
}

function sizeOf(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  const kilobytes = bytes / 1_000;
  return kilobytes < 1_000 ? `${Math.round(kilobytes)} kB` : `${(kilobytes / 1_000).toFixed(1)} MB`;
}
