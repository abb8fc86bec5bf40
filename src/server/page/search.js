/** The search form: asks, shows the answer, and keeps the address in step so that a search can be linked to. */
import { byId, element, formatNumberOf } from './dom.js';
import { showHit } from './hits.js';
import { ask, Failure } from './transport.js';

const DEFAULTS = { mode: 'hybrid', source: '', limit: '10' };

/** @param {{ onRefused: () => void }} options called when the server wants another token */
export function startSearch({ onRefused }) {
  const form = byId('search');
  let running = null;

  async function run(isNew) {
    const choice = readForm(form);
    running?.abort();
    if (choice.q.trim() === '') return showStart();
    if (isNew) rememberInAddress(choice);
    const controller = new AbortController();
    running = controller;
    showLoading();
    try {
      const answer = await ask('/v1/search', {
        body: toRequest(choice),
        signal: controller.signal,
      });
      showAnswer(answer, choice);
    } catch (error) {
      if (controller.signal.aborted) return;
      if (error instanceof Failure && error.status === 401) {
        showStart();
        onRefused();
      } else showFault(error);
    } finally {
      if (running === controller) showDone();
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void run(true);
  });
  form.addEventListener('change', (event) => {
    if (event.target !== form.elements.q && form.elements.q.value.trim() !== '') void run(true);
  });
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a.example');
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    form.elements.q.value = link.textContent;
    form.elements.q.focus();
    void run(true);
  });
  document.addEventListener('keydown', (event) => {
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? '');
    if (event.key !== '/' || isTyping || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    form.elements.q.select();
  });
  const fromAddress = () => {
    fillForm(form, new URLSearchParams(location.search));
    void run(false);
  };
  addEventListener('popstate', fromAddress);
  return { start: fromAddress };
}

/** Keeps what is chosen, also while its source is not listed (yet). */
export function offerSources(names) {
  const select = byId('source');
  const wanted = [...new Set([...names, select.value])].filter((name) => name !== '');
  const offered = [...select.options].map((option) => option.value).filter((name) => name !== '');
  if (wanted.join('\n') === offered.join('\n')) return;
  const chosen = select.value;
  select.replaceChildren(
    element('option', { value: '' }, 'All'),
    ...wanted.map((name) => element('option', { value: name }, name)),
  );
  select.value = chosen;
}

function readForm(form) {
  const { q, mode, source, limit } = form.elements;
  return { q: q.value, mode: mode.value, source: source.value, limit: limit.value };
}

function fillForm(form, parameters) {
  const { q, mode, limit, source } = form.elements;
  q.value = parameters.get('q') ?? '';
  mode.value = parameters.get('mode') ?? DEFAULTS.mode;
  if (mode.value === '') mode.value = DEFAULTS.mode;
  limit.value = parameters.get('limit') ?? DEFAULTS.limit;
  if (limit.value === '') limit.value = DEFAULTS.limit;
  const wanted = parameters.get('source') ?? DEFAULTS.source;
  const known = [...source.options].map((option) => option.value);
  if (!known.includes(wanted)) source.append(element('option', { value: wanted }, wanted));
  source.value = wanted;
}

function rememberInAddress(choice) {
  const parameters = new URLSearchParams({ q: choice.q });
  for (const [name, usual] of Object.entries(DEFAULTS))
    if (choice[name] !== usual) parameters.set(name, choice[name]);
  const address = `?${parameters}`;
  if (address !== location.search) history.pushState(null, '', address);
}

function toRequest({ q, mode, source, limit }) {
  return { query: q, mode, limit: Number(limit), ...(source !== '' && { sources: [source] }) };
}

function showStart() {
  byId('start').hidden = false;
  byId('fault').hidden = true;
  byId('hits').replaceChildren();
  byId('outcome').textContent = '';
  document.title = 'Evervec';
  showDone();
}

function showLoading() {
  byId('start').hidden = true;
  byId('fault').hidden = true;
  byId('progress').hidden = false;
  byId('hits').setAttribute('aria-busy', 'true');
  byId('outcome').textContent = 'Searching';
}

function showDone() {
  byId('progress').hidden = true;
  byId('hits').removeAttribute('aria-busy');
}

function showAnswer(answer, { q }) {
  const { hits, took_ms } = answer;
  const took = took_ms < 10 ? took_ms.toFixed(1) : Math.round(took_ms);
  byId('outcome').textContent =
    hits.length === 0
      ? `Nothing found in ${took} ms. Try other words, another mode, or all sources.`
      : `${formatNumberOf(hits.length, 'hit')} in ${took} ms`;
  byId('hits').replaceChildren(...hits.map((hit) => showHit(hit, q)));
  document.title = `${q} · Evervec`;
}

function showFault(error) {
  const isTold = error instanceof Failure;
  byId('hits').replaceChildren();
  byId('outcome').textContent = '';
  const box = byId('fault');
  box.replaceChildren(
    element('p', null, isTold ? error.message : 'The page failed to show the answer.'),
    isTold && error.remedy ? element('p', null, error.remedy) : '',
    isTold && error.requestId ? element('p.small', null, `Request ${error.requestId}`) : '',
  );
  box.hidden = false;
}
