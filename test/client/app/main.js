/** An app as somebody would build it: React, a release client with what it takes by itself, a service worker. */
import { createReleaseClient, IndexedDbStore } from 'evervec/client';
import { useRelease, useSearch } from 'evervec/react';
import { createElement as h, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

const client = createReleaseClient({
  url: './kb/',
  rootKeys: JSON.parse(document.cookie.split('anchor=').map(decodeURIComponent)[1]),
  store: new IndexedDbStore('app'),
  mode: 'manual',
  checkIntervalMs: 0,
});
/** What the test reads besides the page. */
const seen = { client, searched: [], renders: 0, progress: [] };
globalThis.seen = seen;
const search = client.search.bind(client);
client.search = (request, signal) => {
  seen.searched.push(request.query);
  return search(request, signal);
};

function App() {
  const { status, progress } = useRelease(client);
  const [query, setQuery] = useState('');
  const { hits, isSearching, error } = useSearch(client, query, {
    mode: 'text',
    limit: 3,
    debounceMs: 250,
  });
  seen.renders += 1;
  if (progress !== null) seen.progress.push(progress.stage);
  return h(
    'main',
    null,
    h('p', { id: 'version' }, status.active?.version ?? 'none'),
    h('p', { id: 'phase' }, status.phase),
    status.available && h('p', { id: 'available' }, status.available.version),
    h('button', { id: 'check', onClick: () => void client.check() }, 'Check'),
    h('button', { id: 'update', onClick: () => void client.update() }, 'Update'),
    h('input', { value: query, onChange: (event) => setQuery(event.target.value) }),
    h('p', { id: 'state' }, error?.code ?? (isSearching ? 'searching' : 'still')),
    h('ol', null, ...hits.map((hit) => h('li', { key: hit.key }, hit.chunk.text))),
  );
}

createRoot(document.querySelector('#root')).render(h(StrictMode, null, h(App)));
void navigator.serviceWorker.register('./service-worker.js', { type: 'module' });
