/** Tells the other tabs of an origin that what is stored has changed. What they do about it is theirs. */

export interface Tabs {
  tell(): void;
  close(): void;
}

export function joinTabs(name: string, onChange: () => void): Tabs {
  if (typeof BroadcastChannel === 'undefined') return { tell: () => {}, close: () => {} };
  const channel = new BroadcastChannel(`evervec:${name}`);
  channel.addEventListener('message', onChange);
  // In Node it would keep the program alive.
  const unref: unknown = Reflect.get(channel, 'unref');
  if (typeof unref === 'function') Reflect.apply(unref, channel, []);
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no targets
    tell: () => channel.postMessage('changed'),
    close: () => channel.close(),
  };
}
