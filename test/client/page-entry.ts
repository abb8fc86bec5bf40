/** What the pages of the tests load: the client, as an app would bundle it. */
import {
  createReleaseClient,
  openBrowserStore,
  IndexedDbStore,
  MemoryStore,
  OpfsStore,
} from '../../src/client/index.ts';
import type { ReleaseClient, ReleaseStore, TrustAnchor } from '../../src/client/index.ts';
import { STORE_CASES } from './store-cases.ts';

interface Started {
  readonly url: string;
  readonly rootKeys: TrustAnchor;
  readonly kind: 'indexeddb' | 'opfs' | 'memory' | 'best';
  readonly stallMs?: number;
  /** Stage and percentage at which the page hangs for good, once it has said so by `reached`. */
  readonly hangAt?: string;
}

const STORES = { indexeddb: IndexedDbStore, opfs: OpfsStore, memory: MemoryStore };

const page = {
  client: undefined as ReleaseClient | undefined,
  /** Names of events, with the sequence they are about. */
  heard: [] as string[],

  async start({ url, rootKeys, kind, stallMs = 5_000, hangAt }: Started): Promise<void> {
    const store = kind === 'best' ? await openBrowserStore('kb') : new STORES[kind]('kb');
    const client = createReleaseClient({
      url,
      rootKeys,
      store,
      debug: (message, fields) => page.heard.push(`${message} ${JSON.stringify(fields)}`),
      checkIntervalMs: 0,
      retryDelayMs: 1,
      timeouts: { connectMs: stallMs, stallMs, totalMs: 20_000 },
    });
    page.client = client;
    client.on('updateCompleted', ({ release, isElsewhere }) =>
      page.heard.push(`completed ${release.sequence}${isElsewhere ? ' elsewhere' : ''}`),
    );
    client.on('updateFailed', ({ error }) => page.heard.push(`failed ${error.code}`));
    client.on('updateProgress', ({ stage, percentage }) => {
      if (`${stage} ${percentage}` !== hangAt) return;
      Reflect.apply(Reflect.get(globalThis, 'reached'), undefined, []);
      for (;;);
    });
    await client.start();
  },

  /** @returns what went wrong, or how it ended */
  async update(): Promise<string> {
    try {
      return (await page.client?.update()) === true ? 'updated' : 'nothing new';
    } catch (error) {
      return String(Reflect.get(Object(error), 'code') ?? error);
    }
  },

  /** What is said to be installed, and what is found. */
  async edition(): Promise<{ sequence: number | null; text: string | null; store: string | null }> {
    const { active = null, store = null } = page.client?.getStatus() ?? {};
    const found =
      active === null ? undefined : await page.client?.search({ query: 'edition', mode: 'text' });
    return {
      sequence: active?.sequence ?? null,
      text: found?.hits[0]?.chunk.text ?? null,
      store,
    };
  },

  /** @returns the names of cases that fail, with why */
  async storeCases(kind: 'indexeddb' | 'opfs'): Promise<string[]> {
    const failed: string[] = [];
    for (const [i, { name, run }] of STORE_CASES.entries()) {
      const open = async (): Promise<ReleaseStore> => {
        const store = new STORES[kind](`case-${i}`);
        await store.open();
        return store;
      };
      await run(open).catch((error: unknown) => failed.push(`${name}: ${String(error)}`));
    }
    return failed;
  },
};

export type TestPage = typeof page;

/** A bundler drops modules of this package that are imported for what they do. */
export function expose(): void {
  Object.assign(globalThis, { evervec: page });
}
