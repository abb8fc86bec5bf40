/** Which release is searched, and what can be done about it: look for another, go back, choose who decides. */
import type { Mode, ReleaseClient, ReleaseStatus } from 'evervec/client';
import { useState } from 'react';
import { useInstall } from './device.ts';
import { sayFault } from './release-client.ts';

const TIME = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const STORES = {
  indexeddb: 'This browser',
  opfs: 'This browser’s files',
  memory: 'Memory, until the tab is closed',
  folder: 'A folder',
};
const MODES: readonly [Mode, string, string][] = [
  ['automatic', 'Automatic', 'Updates are installed as they come.'],
  ['manual', 'Manual', 'You are told of updates, and decide.'],
];

interface Props {
  client: ReleaseClient;
  status: ReleaseStatus;
  /** That was chosen; the client has it in a moment. */
  mode: Mode;
  onMode: (mode: Mode) => void;
}

export function ReleasePanel({ client, status, mode, onMode }: Props) {
  const { active } = status;
  return (
    <>
      <button
        type="button"
        className="release-button"
        popoverTarget="release"
        aria-haspopup="dialog"
      >
        <span className="release-word">Release </span>
        {active?.version ?? '…'}
        <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
          <path d="M2 4l4 4 4-4" fill="none" stroke="currentColor" strokeWidth="1.6" />
        </svg>
      </button>
      <div id="release" className="panel" popover="auto" role="dialog" aria-label="Release">
        <Facts status={status} />
        <fieldset className="modes">
          <legend>Updates</legend>
          {MODES.map(([value, name, says]) => (
            <label key={value}>
              <input
                type="radio"
                name="mode"
                value={value}
                checked={value === mode}
                onChange={() => onMode(value)}
              />
              <span className="mode-name">{name}</span>
              <span className="mode-says">{says}</span>
            </label>
          ))}
        </fieldset>
        <Actions client={client} status={status} />
      </div>
    </>
  );
}

function Facts({ status: { active, store, isPersisted } }: { status: ReleaseStatus }) {
  if (active === null) return <p className="panel-note">No release is on this device yet.</p>;
  const kept = isPersisted === true ? ', which promised to keep it' : '';
  return (
    <dl className="facts">
      <div>
        <dt>Searched</dt>
        <dd id="searched">{active.version}</dd>
      </div>
      <div>
        <dt>Installed</dt>
        <dd>{TIME.format(active.installedAt)}</dd>
      </div>
      <div>
        <dt>Kept in</dt>
        <dd>{STORES[store] + kept}</dd>
      </div>
    </dl>
  );
}

function Actions({ client, status }: Pick<Props, 'client' | 'status'>) {
  const [said, setSaid] = useState('');
  const install = useInstall();
  const { previous, quarantined, mode } = status;
  const act = async (work: () => Promise<string>) => setSaid(await work().catch(sayFault));
  const look = async () => {
    setSaid('Looking');
    const isFound = await (mode === 'manual' ? client.check() : client.update());
    return isFound ? '' : 'There is nothing newer.';
  };
  return (
    <div className="actions">
      <button type="button" className="quiet" onClick={() => void act(look)}>
        Look for an update
      </button>
      {previous !== null && (
        <button
          type="button"
          className="quiet"
          onClick={() => void act(async () => (await client.rollback(), ''))}
        >
          Go back to {previous.version}
        </button>
      )}
      {quarantined > 0 && (
        <button
          type="button"
          className="quiet"
          onClick={() => void act(async () => (await client.forceUpdate(), ''))}
        >
          Take the newest again
        </button>
      )}
      {install !== null && (
        <button type="button" className="quiet" onClick={install}>
          Install as an app
        </button>
      )}
      <p className="panel-note" role="status">
        {said}
      </p>
    </div>
  );
}
