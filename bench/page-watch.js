/** What benchmarks in a page of Chromium measure besides time. */

/** Bytes of the page and its worker, after a collection. */
export async function memory() {
  const { bytes } = await performance.measureUserAgentSpecificMemory();
  return bytes;
}

/** Between looks, ms: a look at every turn would take a processor from the work that is timed. */
const LOOK_EVERY_MS = 1;

/** Watches the page's thread. @returns ends it, and gives the longest time between two looks: no block was longer, ms */
export function watchBlocks() {
  const ending = new AbortController();
  let longest = 0;
  let last = performance.now();
  // Not a timer, which waits for 4 ms once it is nested.
  const look = () =>
    scheduler
      .postTask(
        () => {
          const now = performance.now();
          longest = Math.max(longest, now - last);
          last = now;
          look();
        },
        { delay: LOOK_EVERY_MS, priority: 'user-blocking', signal: ending.signal },
      )
      .catch(() => {});
  look();
  return () => {
    ending.abort();
    return longest;
  };
}
