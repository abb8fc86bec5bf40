/** What benchmarks in a page of Chromium measure besides time. */

/** Bytes of the page and its worker, after a collection. */
export async function memory() {
  const { bytes } = await performance.measureUserAgentSpecificMemory();
  return bytes;
}

/** Watches the page's thread. @returns ends it, and gives the longest time in which nothing else could run, ms */
export function watchBlocks() {
  const { port1, port2 } = new MessageChannel();
  let longest = 0;
  let last = performance.now();
  port2.addEventListener('message', () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    port1.postMessage(null);
  });
  port2.start();
  port1.postMessage(null);
  return () => {
    port2.close();
    return longest;
  };
}
