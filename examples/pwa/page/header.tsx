/** The head of the page: what it is, whether it works offline, and the panel of the release. */
import type { Mode, ReleaseClient, ReleaseStatus } from 'evervec/client';
import { useIsKept, useOnline } from './device.ts';
import { ReleasePanel } from './release-panel.tsx';

interface Props {
  client: ReleaseClient;
  status: ReleaseStatus;
  mode: Mode;
  onMode: (mode: Mode) => void;
}

export function Header(props: Props) {
  return (
    <header className="top">
      <h1 className="brand">
        <a href="./">
          <Mark />
          <span>
            Evervec<span className="brand-rest"> guide</span>
          </span>
        </a>
      </h1>
      <div className="top-end">
        <OfflineState isInstalled={props.status.active !== null} />
        <ReleasePanel {...props} />
      </div>
    </header>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <g stroke="currentColor" strokeWidth="2.4" strokeLinecap="round">
        <path d="M4 6h16M4 12h9M4 18h16" />
      </g>
      <circle cx="18.5" cy="12" r="2.4" fill="currentColor" />
    </svg>
  );
}

function OfflineState({ isInstalled }: { isInstalled: boolean }) {
  const isOnline = useOnline();
  const isKept = useIsKept();
  const isReady = isInstalled && isKept;
  const text = isReady
    ? isOnline
      ? 'Works offline'
      : 'Offline, and working'
    : isOnline
      ? 'Getting ready'
      : 'Offline';
  const state = isReady ? (isOnline ? 'ready' : 'offline') : 'waiting';
  return (
    <p className="offline" data-state={state}>
      <span className="dot" aria-hidden="true" />
      <span role="status">{text}</span>
    </p>
  );
}
