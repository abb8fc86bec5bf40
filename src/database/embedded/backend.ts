/**
 * The one Postgres backend behind all clients: runs protocol messages, and is taken in turns. Who holds a
 * turn holds it until the backend is idle, so that transactions and message sequences never interleave.
 */
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import type { CompiledPostgres } from './compiled.ts';
import { type MessageType, type Output, splitOutput } from './frames.ts';

const NOTHING: ReadonlySet<MessageType> = new Set();

export class Backend {
  /** Null while it starts. */
  #pglite: PGlite | null = null;
  #holder: object | null;
  readonly #waiting: { holder: object; start: () => void }[] = [];

  /** The first turn is that of `starter`, who must call `start` and then `release`. */
  constructor(starter: object) {
    this.#holder = starter;
  }

  /** @param dataDir a folder, or `memory://` */
  async start(dataDir: string, compiled: CompiledPostgres): Promise<void> {
    this.#pglite = await PGlite.create({ dataDir, extensions: { vector }, ...compiled });
  }

  /** Resolves when it is `holder`'s turn, at once when it has it already. First come, first served. */
  acquire(holder: object): Promise<void> {
    if (this.#holder === holder) return Promise.resolve();
    if (this.#holder === null) {
      this.#holder = holder;
      return Promise.resolve();
    }
    return new Promise((start) => this.#waiting.push({ holder, start }));
  }

  /** Somebody waits for a turn. */
  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** Ends the turn; harmless for one that does not have it. */
  release(holder: object): void {
    if (this.#holder !== holder) return;
    const next = this.#waiting.shift();
    this.#holder = next?.holder ?? null;
    next?.start();
  }

  /**
   * Runs complete messages, of which each may be in pieces, in one call; blocks this thread until they are done.
   * @throws when the backend has ended, which is final
   */
  async run(
    messages: readonly Buffer[],
    dropped: ReadonlySet<MessageType> = NOTHING,
  ): Promise<Output> {
    const chunks: Buffer[] = [];
    // Not `execProtocolRaw`: that parses all output once more and keeps it for ever.
    await this.#pglite?.execProtocolRawStream(Buffer.concat(messages), {
      syncToFs: false,
      // A view into WebAssembly's memory, which the next chunk overwrites.
      onRawData: (bytes) => void chunks.push(Buffer.from(bytes)),
    });
    const [only] = chunks;
    const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
    return splitOutput(bytes, new Set(dropped));
  }

  async stop(): Promise<void> {
    await this.#pglite?.close();
  }
}
