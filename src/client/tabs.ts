/** Tells the other tabs of an origin that what is stored has changed, or that there is something new. What they do about it is theirs. */

type Message = 'changed' | { readonly news: number };

export interface Tabs {
  tell(message: Message): void;
  close(): void;
}

export interface TabListeners {
  readonly onChange: () => void;
  /** @param spreadMs within which to look */
  readonly onNews: (spreadMs: number) => void;
}

export function joinTabs(name: string, { onChange, onNews }: TabListeners): Tabs {
  if (typeof BroadcastChannel === 'undefined') return { tell: () => {}, close: () => {} };
  const channel = new BroadcastChannel(`evervec:${name}`);
  channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const news: unknown = Reflect.get(Object(data), 'news');
    if (typeof news === 'number') onNews(news);
    else onChange();
  });
  // In Node it would keep the program alive.
  (channel as { unref?(): void }).unref?.();
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no targets
    tell: (message) => channel.postMessage(message),
    close: () => channel.close(),
  };
}
