/** Starts the app: the client that keeps the release, what shows it, and the service worker that keeps the app. */
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { openClient, savedMode } from './release-client.ts';

const root = document.querySelector('#root');
if (root === null) throw new Error('The page has no #root.');
createRoot(root).render(<App first={await openClient(savedMode())} />);
void navigator.serviceWorker?.register('./service-worker.js', { type: 'module' });
