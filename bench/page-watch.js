/** What benchmarks in a page of Chromium measure besides time. */

/** Bytes of the page and its worker, after a collection. */
export async function memory() {
  const { bytes } = await performance.measureUserAgentSpecificMemory();
  return bytes;
}

/** Between looks, ms: a look at every turn would take a processor from the work that is timed. */
const LOOK_EVERY_MS = 4;

/** Watches the page's thread. @returns ends it, and gives the longest time between two looks: no block was longer, ms */
export function watchBlocks() {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    return longest;
  };
}
