/**
 * One checked-out connection, used for a transaction. Runs its statements one after the other also when
 * the caller does not wait in between, and refuses use after its end.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { DatabaseUnreachableError, QueryError } from '../errors/index.ts';
import type { Connection, QueryResult } from './database.ts';
import { type Target, toDatabaseError } from './failure.ts';
import type { KeptStatements } from './kept-statements.ts';

export class ClientConnection implements Connection {
  readonly #client: pg.PoolClient;
  readonly #rewrite: (sql: string) => string;
  readonly #target: Target;
  readonly #kept: KeptStatements;
  #last: Promise<unknown> = Promise.resolve();
  #isOpen = true;
  #isLost: boolean;
  readonly #noteLoss = () => {
    this.#isLost = true;
  };

  /** @param isLost whether the connection broke before it came here */
  constructor(
    client: pg.PoolClient,
    kept: KeptStatements,
    rewrite: (sql: string) => string,
    target: Target,
    isLost: boolean,
  ) {
    this.#client = client;
    this.#kept = kept;
    this.#rewrite = rewrite;
    this.#target = target;
    this.#isLost = isLost;
    // Both come before the error of the statement that was under way.
    client.on('error', this.#noteLoss);
    client.on('end', this.#noteLoss);
  }

  /** The connection broke: it must not go back to the pool. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Statements that the caller started and did not wait for are waited for. */
  async end(): Promise<void> {
    this.#isOpen = false;
    await this.#last;
    this.#client.off('error', this.#noteLoss);
    this.#client.off('end', this.#noteLoss);
  }

  async query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    const result = await this.run<Row>(text, values);
    return { rows: result.rows, rowCount: result.rowCount ?? result.rows.length };
  }

  /** Like `query`, with the command that the server says it ran. */
  run<Row extends object>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>> {
    return this.#inTurn(async () => {
      const sql = this.#rewrite(withoutNul(text));
      const result: pg.QueryResult<Row> | pg.QueryResult<Row>[] =
        values === undefined
          ? await this.#client.query<Row>(sql)
          : await this.#runWith<Row>(sql, [...values]);
      // Several statements in one text give several results: the last one counts.
      return Array.isArray(result) ? (result.at(-1) as pg.QueryResult<Row>) : result;
    });
  }

  async #runWith<Row extends object>(text: string, values: unknown[]) {
    const name = await this.#kept.nameOf(text);
    if (name === null) return await this.#client.query<Row>(text, values);
    try {
      return await this.#client.query<Row>({ name, text, values });
    } catch (failure) {
      if (!(await this.#kept.isOutdated(failure))) throw failure;
      // Within a transaction, which has failed by now, this fails, too: then what happened first is told.
      return await this.#client.query<Row>(text, values).catch(() => {
        throw failure;
      });
    }
  }

  async copyIn(
    text: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<number> {
    let sourceFailure: { error: unknown } | null = null;
    const source = watched(chunks, (error) => (sourceFailure = { error }));
    const copied = this.#inTurn(async () => {
      const stream = this.#client.query(copyFrom(this.#rewrite(withoutNul(text))));
      await pipeline(Readable.from(source), stream);
      return stream.rowCount;
    });
    return copied.catch((error: unknown) => {
      // The caller's own error is not ours to name.
      throw sourceFailure === null ? error : sourceFailure.error;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) {
      return Promise.reject(
        new QueryError('The transaction has ended; its connection serves others now.', {
          remedy: 'Await every statement before the transaction function returns.',
        }),
      );
    }
    const result = this.#last.then(work).catch((failure: unknown) => {
      const error = toDatabaseError(failure, { target: this.#target, isLost: this.#isLost });
      // The server says so before it hangs up.
      if (error instanceof DatabaseUnreachableError) this.#isLost = true;
      throw error;
    });
    this.#last = result.catch(() => {});
    return result;
  }
}

/** Passes `chunks` on; `onError` hears of errors of theirs, not of those of whoever reads them. */
async function* watched<T>(
  chunks: AsyncIterable<T> | Iterable<T>,
  onError: (error: unknown) => void,
): AsyncGenerator<T> {
  const iterator =
    Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  let isDone = false;
  try {
    for (;;) {
      const step = await nextOf(iterator, onError);
      isDone = step === null;
      if (step === null) return;
      yield step.value;
    }
  } finally {
    if (!isDone) await iterator.return?.();
  }
}

async function nextOf<T>(
  iterator: AsyncIterator<T> | Iterator<T>,
  onError: (error: unknown) => void,
): Promise<{ value: T } | null> {
  try {
    const step = await iterator.next();
    return step.done === true ? null : { value: step.value };
  } catch (error) {
    onError(error);
    throw error;
  }
}

/** A statement travels as a C string: the rest behind a NUL would be read as the next message. */
function withoutNul(text: string): string {
  if (!text.includes('\0')) return text;
  throw new QueryError('A statement holds a NUL character (U+0000).', {
    remedy: 'Pass values as parameters, and remove U+0000 from text before writing.',
    sqlState: '22021',
  });
}
