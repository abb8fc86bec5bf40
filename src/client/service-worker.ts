/**
 * `evervec/client/service-worker`: keeps an app's own files, so that it opens without a network; releases and their index are the client's affair. It
 * goes in the app's service worker, and must not answer for anything but what it was given and what the app's pages are.
 */

export interface OfflineOptions {
  /** Raise it with each build of the app: files of another version are dropped when this one takes over. */
  readonly version: string;
  /** What the app is made of, relative to the service worker: pages, scripts, the search's worker, styles. Fetched when it is installed, all or nothing. */
  readonly files: readonly string[];
  /** Answers pages that are asked for without a network and are no files of their own. Default: the first of `files`. */
  readonly fallback?: string;
  /** Whether a new version waits until all pages of the old one are closed. Default true: a page never gets files of two versions. */
  readonly waits?: boolean;
}

/** What is used of a service worker's global object, whose types are not those of a page. */
interface Scope {
  readonly location: { readonly href: string };
  readonly caches: CacheStorage;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
}
interface Lasting {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

const PREFIX = 'evervec-app:';

/** Call it once, as the service worker's module runs. */
export function serveOffline(options: OfflineOptions): void {
  const scope = globalThis as unknown as Scope;
  const { version, files, fallback = files[0] ?? '/', waits = true } = options;
  const absolute = (file: string) => new URL(file, scope.location.href).href;
  const known = new Set(files.map(absolute));
  const name = PREFIX + version;
  scope.addEventListener('install', (event) => {
    event.waitUntil(
      install(scope.caches, name, [...known]).then(() => (waits ? undefined : scope.skipWaiting())),
    );
  });
  scope.addEventListener('activate', (event) => {
    event.waitUntil(dropOthers(scope.caches, name).then(() => scope.clients.claim()));
  });
  scope.addEventListener('fetch', (event) => {
    const { request } = event;
    const file = request.url.replace(/[?#].*$/s, '');
    if (request.method !== 'GET') return;
    if (known.has(file)) event.respondWith(kept(scope.caches, name, file, request));
    else if (request.mode === 'navigate')
      event.respondWith(
        fetch(request).catch(() => kept(scope.caches, name, absolute(fallback), request)),
      );
  });
}

/** Past the browser's own cache, which may have files of a version before. */
async function install(
  caches: CacheStorage,
  name: string,
  files: readonly string[],
): Promise<void> {
  const fetched = await Promise.all(files.map(fetchFile));
  const cache = await caches.open(name);
  await Promise.all(fetched.map((response, at) => cache.put(files[at] ?? '', response)));
}

async function fetchFile(file: string): Promise<Response> {
  const response = await fetch(file, { cache: 'reload' });
  if (!response.ok) throw new Error(`${file} answers ${response.status}.`);
  // A page may not be answered by what was redirected.
  return response.redirected ? new Response(response.body, response) : response;
}

async function dropOthers(caches: CacheStorage, name: string): Promise<void> {
  const others = (await caches.keys()).filter((key) => key.startsWith(PREFIX) && key !== name);
  await Promise.all(others.map((key) => caches.delete(key)));
}

/** From the network where the browser has evicted it. */
async function kept(
  caches: CacheStorage,
  name: string,
  file: string,
  request: Request,
): Promise<Response> {
  const cache = await caches.open(name);
  return (await cache.match(file)) ?? (await fetch(request));
}
