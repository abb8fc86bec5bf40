/** The state of the service beside the search: asks while the page is seen, backs off while nobody answers. */
import { byId, element, formatCount, formatDuration, formatNumberOf, formatShort } from './dom.js';
import { ask, Failure } from './transport.js';

const EVERY_MS = 2_000;
const LONGEST_MS = 30_000;
/** A slow answer is asked for less often, so that looking on costs the service a tenth of its time. */
const SHARE = 10;
const LONGEST_LIVE_MS = 10_000;
/** A worker reports every few seconds; after this its silence is worth a look. */
const SILENT_S = 30;

/** @param {{ onRefused: () => void, onSources: (names: string[]) => void }} options */
export function startStatus({ onRefused, onSources }) {
  let timer = null;
  let countdown = null;
  let failures = 0;
  let isStopped = false;
  let isAsking = false;

  async function refresh() {
    if (isAsking || isStopped) return;
    isAsking = true;
    cancel();
    const started = performance.now();
    try {
      const [queue, { sources }] = await Promise.all([ask('/v1/queue/status'), ask('/v1/sources')]);
      failures = 0;
      showQueue(queue);
      showWorkers(queue.workers);
      showSources(sources);
      onSources(sources.map((source) => source.name));
      showLive();
      const took = performance.now() - started;
      schedule(Math.min(LONGEST_LIVE_MS, Math.max(EVERY_MS, took * SHARE)));
    } catch (error) {
      if (error instanceof Failure && error.status === 401) {
        isStopped = true;
        onRefused();
      } else {
        failures += 1;
        const wait = Math.min(LONGEST_MS, EVERY_MS * 2 ** (failures - 1));
        showLost(error);
        schedule(wait);
        countDown(wait);
      }
    } finally {
      isAsking = false;
    }
  }

  function schedule(ms) {
    if (document.visibilityState === 'visible') timer = setTimeout(refresh, ms);
  }

  function cancel() {
    clearTimeout(timer);
    clearInterval(countdown);
    byId('live-countdown').textContent = '';
  }

  function countDown(ms) {
    const end = performance.now() + ms;
    const show = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1_000));
      byId('live-countdown').textContent = `next try in ${left} s`;
    };
    show();
    countdown = setInterval(show, 1_000);
  }

  byId('retry').addEventListener('click', () => void refresh());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void refresh();
    else cancel();
  });
  return {
    start() {
      isStopped = false;
      void refresh();
    },
  };
}

/** When the server last answered. */
let heardAt = null;

function showLive() {
  byId('live').dataset.state = 'live';
  setText(byId('live-text'), 'Live');
  byId('retry').hidden = true;
  byId('stale').hidden = true;
  heardAt = new Date();
}

function showLost(error) {
  const isDown = !(error instanceof Failure) || error.status === 0;
  byId('live').dataset.state = 'lost';
  setText(byId('live-text'), isDown ? 'Not reachable' : `Failing: ${error.message}`);
  byId('retry').hidden = false;
  const stale = byId('stale');
  stale.hidden = heardAt === null;
  stale.textContent = `This was the state at ${heardAt?.toLocaleTimeString() ?? ''}.`;
}

/** A screen reader speaks a status again when it is set, even to the same. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const STATES = ['ready', 'leased', 'waiting', 'parked'];

function showQueue({ counts, count_limit, at_least, lanes, oldest_ready_s, stopped }) {
  const more = (state) => (at_least.includes(state) ? '+' : '');
  const isWarn = (state, count) => state === 'parked' && count > 0;
  const figures = STATES.map((state) =>
    element(
      isWarn(state, counts[state]) ? 'div.is-warn' : 'div',
      null,
      element('dt', null, state),
      element(
        'dd',
        { title: `${formatCount(counts[state])}${more(state)}` },
        `${formatShort(counts[state])}${more(state)}`,
      ),
    ),
  );
  const rows = Object.entries(lanes).map(([name, lane]) =>
    element(
      'tr',
      null,
      element(
        'th',
        { scope: 'row' },
        name,
        lane.paused ? element('span.tag.is-warn', null, 'paused') : '',
        lane.budget_paused ? element('span.tag.is-warn', null, 'daily budget') : '',
      ),
      ...STATES.map((state) => showCell(lane[state], count_limit, isWarn(state, lane[state]))),
    ),
  );
  byId('queue').replaceChildren(
    element('dl.figures', null, ...figures),
    rows.length === 0 ? '' : showLanes(rows),
    element('p.remark', null, summarizeQueue(counts, at_least, oldest_ready_s, stopped)),
  );
}

function showLanes(rows) {
  const head = ['lane', ...STATES].map((name) => element('th', { scope: 'col' }, name));
  return element(
    'table',
    null,
    element('caption.unseen', null, 'Jobs by lane'),
    element('thead', null, element('tr', null, ...head)),
    element('tbody', null, ...rows),
  );
}

function showCell(count, limit, isWarn) {
  const kind = isWarn ? 'td.is-warn' : count === 0 ? 'td.zero' : 'td';
  return element(kind, null, `${formatCount(count)}${count >= limit ? '+' : ''}`);
}

function summarizeQueue(counts, atLeast, oldest, stopped) {
  const parts = stopped ? ['The queue is stopped: no worker takes anything.'] : [];
  const atLeastOf = (state) => (atLeast.includes(state) ? 'At least ' : '');
  if (counts.unfolded > 0)
    parts.push(
      `${atLeastOf('unfolded')}${formatNumberOf(counts.unfolded, 'change')} not yet queued.`,
    );
  if (oldest !== null) parts.push(`The oldest ready job has waited ${formatDuration(oldest)}.`);
  if (counts.parked > 0)
    parts.push(
      `${atLeastOf('parked')}${formatNumberOf(counts.parked, 'record')} parked: they failed too often.`,
    );
  const isIdle = STATES.every((state) => counts[state] === 0) && counts.unfolded === 0;
  return isIdle && !stopped ? 'Every record is embedded.' : parts.join(' ') || 'In work.';
}

function showSources(sources) {
  const entries = sources.map((source) =>
    element(
      'li.entry',
      null,
      element(
        'div.entry-head',
        null,
        element('strong', null, source.name),
        source.is_filling
          ? element('span.tag.is-warn', null, 'filling')
          : element('span.tag.is-good', null, source.indexed ? 'indexed' : 'exact'),
      ),
      element(
        'p',
        null,
        `${source.is_estimate ? 'about ' : ''}${formatNumberOf(source.records, 'record')}, ${formatNumberOf(source.chunks, 'chunk')}`,
      ),
      element('p', null, `${source.table}, ${source.model}`),
    ),
  );
  byId('sources').replaceChildren(
    entries.length === 0
      ? element('p.quiet-text', null, 'No source is set up yet. Run "evervec setup".')
      : element('ul.entries', null, ...entries),
  );
}

function showWorkers(workers) {
  const entries = workers.map((worker) => {
    const isSilent = worker.heartbeat_age_s > SILENT_S;
    const runs = (Date.now() - Date.parse(worker.started_at)) / 1_000;
    return element(
      'li.entry',
      null,
      element(
        'div.entry-head',
        null,
        element('strong', { title: worker.id }, `${worker.host}, process ${worker.pid}`),
        element(
          isSilent ? 'span.tag.is-warn' : 'span.tag',
          null,
          `heard ${formatDuration(worker.heartbeat_age_s)} ago`,
        ),
      ),
      element(
        'p',
        null,
        `${formatCount(worker.leased)} in hand, ${formatCount(worker.processed)} done, up ${formatDuration(runs)}, version ${worker.version}`,
      ),
      worker.last_error === null ? '' : element('p.is-bad', null, worker.last_error),
    );
  });
  byId('workers').replaceChildren(
    entries.length === 0
      ? element(
          'p.quiet-text',
          null,
          'None is running: changes wait. Start one with "evervec worker".',
        )
      : element('ul.entries', null, ...entries),
  );
}
