/** Work for the moment when the process ends without having closed what it opened. */
const pending = new Set<() => void>();

process.on('exit', () => {
  for (const work of pending) work();
});

/**
 * @param work synchronous; not run when a signal or a crash kills the process
 * @returns a function that takes the work back
 */
export function atExit(work: () => void): () => void {
  pending.add(work);
  return () => void pending.delete(work);
}
