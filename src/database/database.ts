/**
 * The contract between Evervec and Postgres. Two ways to open one (`openPostgres`, `openEmbedded`),
 * one conformance suite (`test/database/conformance.test.ts`).
 *
 * **Names.** Statements are written with two schema names that may differ in a real database:
 * `evervec.` is Evervec's own schema, `vector.` is the schema that pgvector lives in
 * (`vector.halfvec`, `operator(vector.<=>)`). A connection rewrites both before it sends a
 * statement, so that every statement constant is valid SQL and nothing depends on a search_path,
 * which a pooler in transaction mode would not keep. Hence the two are no aliases of tables.
 * What counts as a name: code; a literal that is a qualified name and nothing else
 * (`nextval('evervec.claim_seq')`); everything between dollar quotes but comments and quoted names,
 * since that is the body of a function, with literals, since those are dynamic SQL there. So data that
 * may hold `evervec.` goes in as a parameter.
 *
 * **Values.** Parameters are node-postgres': a `Buffer` goes as binary, an array as an array literal.
 * Results: `int8` and `numeric` are strings, in arrays too, `timestamptz` is a `Date`, `json` is parsed,
 * `bytea` is a `Buffer`, arrays of text and int4 are arrays. Text can't hold U+0000: QueryError 22021.
 *
 * **Errors.** QueryError for what the server refuses, PermissionError for 42501, DatabaseUnreachableError
 * when there is no connection (any more); `sqlState` where the server gave one, `isRetryable` for
 * conflicts, time limits and lost connections. Decide by these, never by a message.
 */
export interface Connection {
  /**
   * Several statements in one text (without `values`) run in one transaction; the last one's result counts.
   * @throws QueryError, PermissionError or DatabaseUnreachableError
   */
  query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>>;

  /**
   * Runs `copy … from stdin` and streams `chunks` into it.
   * Embedded, all of the data is held in memory until its end.
   * @returns the number of rows taken
   * @throws like `query`; what `chunks` throws comes out as it is, and no row is taken
   */
  copyIn(text: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number>;
}

export interface QueryResult<Row> {
  rows: Row[];
  /** Rows that the statement returned or changed. */
  rowCount: number;
}

export interface Capabilities {
  kind: 'postgres' | 'embedded';
  /** `server_version_num`, for example 150018. */
  serverVersion: number;
  /** pgvector's version, for example `0.8.0`; null while the extension is not there. */
  vectorVersion: string | null;
  /** The schema pgvector lives in; null while the extension is not there. */
  vectorSchema: string | null;
  /** The column type that vectors are stored in: pgvector's halfvec is slow to index in WebAssembly. */
  vectorType: 'halfvec' | 'vector';
  /** How many statements can run at the same time. Embedded: 1. */
  connections: number;
}

export interface Database extends Connection {
  readonly capabilities: Capabilities;
  /** Evervec's own schema, unquoted. */
  readonly schema: string;

  /**
   * Runs `work` between begin and commit (READ COMMITTED), or rolls back and rethrows.
   * Inside it, use `tx` only: with one connection, the database itself would wait for its own end, so it
   * refuses (QueryError). Statements of `tx` run one after the other. When one failed and `work` did not,
   * nothing is committed: QueryError 25P02.
   */
  transaction<T>(work: (tx: Connection) => Promise<T>): Promise<T>;

  /**
   * Calls `onNotify` for each notification on `channel`. A hint, never a promise: a connection may
   * be down for a while, after which `onNotify` is called once, since anything may have been missed.
   * Resolves when listening has begun (also where it can't: then it never calls).
   */
  listen(channel: string, onNotify: () => void): Promise<() => Promise<void>>;

  /** Re-reads `capabilities` (after the extension was created). */
  refresh(): Promise<void>;

  /**
   * Waits for what is under way, up to 10 s, then cuts it off; later statements fail with
   * DatabaseUnreachableError. A second call is harmless.
   */
  close(): Promise<void>;
}
