/** What Evervec needs of node-postgres beyond its public interface, in one place. */
import type pg from 'pg';

/** The socket under a connection: the driver has no public way to drop one that does not answer. */
export function streamOf(client: pg.Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}

/** The number of the server's process, as the server, or what stands between, told it when the connection was made. */
export function backendOf(client: pg.ClientBase): number | null {
  return (client as unknown as { processID: number | null }).processID;
}

/** Has the server forget a prepared statement; also where it has none of that name, and in a transaction that failed. */
export async function closeStatement(client: pg.ClientBase, name: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.query({
      submit(connection: StatementConnection) {
        // The driver takes it to be there for ever.
        Reflect.deleteProperty(connection.parsedStatements, name);
        connection.close({ type: 'S', name });
        connection.sync();
      },
      handleReadyForQuery: resolve,
      handleError: reject,
    } as unknown as pg.Submittable);
  });
}

interface StatementConnection {
  parsedStatements: object;
  close(what: { type: 'S'; name: string }): void;
  sync(): void;
}
