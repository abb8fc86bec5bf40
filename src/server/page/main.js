/** Starts the page: the search and the state side by side, or the question for a token when the server wants one. */
import { byId } from './dom.js';
import { offerSources, startSearch } from './search.js';
import { startStatus } from './status.js';
import { hasKeptToken, keepToken } from './transport.js';

const onRefused = () => {
  const gate = byId('gate');
  if (!gate.hidden) return;
  byId('gate-fault').textContent = hasKeptToken() ? 'That token is not the right one.' : '';
  keepToken(null);
  byId('layout').hidden = true;
  byId('live').hidden = true;
  gate.hidden = false;
  byId('token').focus();
};

const search = startSearch({ onRefused });
const status = startStatus({ onRefused, onSources: offerSources });

byId('gate-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const field = byId('token');
  keepToken(field.value.trim());
  field.value = '';
  byId('gate').hidden = true;
  byId('layout').hidden = false;
  byId('live').hidden = false;
  start();
});

function start() {
  status.start();
  search.start();
}

start();
