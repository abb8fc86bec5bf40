/** What comes from outside of this page: other tabs, and the server's word that there is something new. One tab listens for all of an origin. */
import { locked } from './lock.ts';
import type { Session } from './session.ts';
import { joinTabs, type Tabs } from './tabs.ts';

export interface NewsOptions {
  /** Another tab has changed what is stored. */
  readonly onChange: () => void;
  /** @param spreadMs within which to look */
  readonly onNews: (spreadMs: number) => void;
}

export class News {
  readonly #session: Session;
  readonly #tabs: Tabs;
  readonly #onNews: (spreadMs: number) => void;
  readonly #end = new AbortController();
  #nap = new AbortController();

  /** Hears the other tabs from now on: before the store is read, or what they change right after that is missed. */
  constructor(session: Session, { onChange, onNews }: NewsOptions) {
    this.#session = session;
    this.#onNews = onNews;
    this.#tabs = joinTabs(session.options.store.name, { onChange, onNews });
  }

  /** Listens to the server, which has to know what the store holds. */
  listen(): void {
    if (this.#session.options.pushUrl === null || this.#end.signal.aborted) return;
    this.#followPage();
    void this.#listen();
  }

  /** Tells the other tabs that what is stored has changed. */
  tell(): void {
    this.#tabs.tell('changed');
  }

  close(): void {
    this.#end.abort();
    this.#nap.abort();
    this.#tabs.close();
  }

  /** Browsers open six connections to a server, for all tabs together: only one may wait for ever. */
  async #listen(): Promise<void> {
    const { options, ledger } = this.#session;
    const { store, pushUrl: url, fetch, clock, random, debug } = options;
    if (url === null) return;
    const { signal } = this.#nap;
    const known = () => ledger.state.floor?.version ?? null;
    const onNews = (spreadMs: number) => {
      this.#tabs.tell({ news: spreadMs });
      this.#onNews(spreadMs);
    };
    const listen = async () => {
      // A part that few pages need is loaded where it is. Without it the client looks at its interval.
      const { listenForNews } = await import('./push.ts');
      await listenForNews({ url, fetch, clock, random, signal, known, onNews, debug });
    };
    await locked(`evervec:${store.name}:push:${url}`, listen, signal).catch((error: unknown) => {
      if (!signal.aborted) debug('push not loaded', { error: String(error) });
    });
  }

  /** A page that is put aside by the browser keeps no connection, and no lock from others. */
  #followPage(): void {
    const { signal } = this.#end;
    const onHide = () => this.#nap.abort();
    const onShow = () => {
      if (!this.#nap.signal.aborted) return;
      this.#nap = new AbortController();
      void this.#listen();
    };
    globalThis.addEventListener?.('pagehide', onHide, { signal });
    globalThis.addEventListener?.('pageshow', onShow, { signal });
  }
}
