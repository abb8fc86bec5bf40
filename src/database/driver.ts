/** What Evervec needs of node-postgres beyond its public interface, in one place. */
import type pg from 'pg';

/** The socket under a connection: the driver has no public way to drop one that does not answer. */
export function streamOf(client: pg.Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}
