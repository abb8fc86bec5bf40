/** One database of the browser, with the state and the blobs in it. The first choice in a page: every browser has it, also in workers. */
import type { ReleaseStore } from '../store.ts';
import { ANSWER_MS, answered, storeError } from './device.ts';

const STATE = 'state';
const BLOBS = 'blobs';
/** A browser copies what it stores in the page's own thread: so much at one go. The first piece has the blob's name, the others their place beside it. */
const PIECE_BYTES = 1_048_576;

export class IndexedDbStore implements ReleaseStore {
  readonly kind = 'indexeddb';
  readonly name: string;
  readonly #answerMs: number;
  #database: Promise<IDBDatabase> | undefined;

  /** @param answerMs how long it may be silent; default 15,000 */
  constructor(name = 'evervec', { answerMs = ANSWER_MS }: { answerMs?: number } = {}) {
    this.name = name;
    this.#answerMs = answerMs;
  }

  async open(): Promise<void> {
    await this.#opened();
  }

  async readState(): Promise<string | undefined> {
    const found: unknown = await this.#run('readonly', (stores) => stores(STATE).get(STATE));
    return typeof found === 'string' ? found : undefined;
  }

  async writeState(text: string): Promise<void> {
    await this.#run('readwrite', (stores) => stores(STATE).put(text, STATE));
  }

  async readBlob(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    let others: IDBRequest<unknown[]> | undefined;
    const first: unknown = await this.#run('readonly', (stores) => {
      const request = stores(BLOBS).get(name);
      others = stores(BLOBS).getAll(othersOf(name));
      return request;
    });
    if (!(first instanceof ArrayBuffer)) return undefined;
    return joined([first, ...((others?.result ?? []) as ArrayBuffer[])]);
  }

  async writeBlob(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#run('readwrite', (stores) => {
      const blobs = stores(BLOBS);
      blobs.delete(othersOf(name));
      const first = blobs.put(bytes.slice(0, PIECE_BYTES).buffer, name);
      putOthers(blobs, name, bytes, first);
      return first;
    });
  }

  async listBlobs(): Promise<string[]> {
    const keys = await this.#run('readonly', (stores) => stores(BLOBS).getAllKeys());
    return keys.filter((key) => typeof key === 'string');
  }

  async removeBlob(name: string): Promise<void> {
    await this.#run('readwrite', (stores) => {
      stores(BLOBS).delete(othersOf(name));
      return stores(BLOBS).delete(name);
    });
  }

  async clear(): Promise<void> {
    await this.#run('readwrite', (stores) => {
      stores(STATE).clear();
      return stores(BLOBS).clear();
    });
  }

  async close(): Promise<void> {
    const database = await this.#database?.catch(() => undefined);
    this.#database = undefined;
    database?.close();
  }

  #opened(): Promise<IDBDatabase> {
    this.#database ??= this.#guarded(
      new Promise<IDBDatabase>((resolve, reject) => {
        const request = globalThis.indexedDB.open(`evervec-${this.name}`, 1);
        request.addEventListener('upgradeneeded', () => {
          request.result.createObjectStore(STATE);
          request.result.createObjectStore(BLOBS);
        });
        request.addEventListener('success', () => resolve(this.#watched(request.result)));
        request.addEventListener('error', () => reject(request.error));
      }),
    ).catch((error: unknown) => {
      this.#database = undefined;
      throw error;
    });
    return this.#database;
  }

  /** The browser closes it when it evicts or when another version wants it; then it is opened again. */
  #watched(database: IDBDatabase): IDBDatabase {
    const forget = () => {
      database.close();
      this.#database = undefined;
    };
    database.addEventListener('close', forget);
    database.addEventListener('versionchange', forget);
    return database;
  }

  /** One transaction; it is done when that is, not when its request is. */
  async #run<T>(
    mode: IDBTransactionMode,
    ask: (stores: (name: string) => IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    const database = await this.#opened();
    return await this.#guarded(
      new Promise<T>((resolve, reject) => {
        const options = { durability: 'strict' } as const;
        const transaction = database.transaction([STATE, BLOBS], mode, options);
        const request = ask((name) => transaction.objectStore(name));
        transaction.addEventListener('complete', () => resolve(request.result));
        const fail = () => reject(transaction.error ?? request.error);
        transaction.addEventListener('abort', fail);
        transaction.addEventListener('error', fail);
      }),
    );
  }

  async #guarded<T>(work: Promise<T>): Promise<T> {
    try {
      return await answered(work, this.#answerMs, 'IndexedDB');
    } catch (error) {
      throw storeError(error, 'IndexedDB');
    }
  }
}

/** Arrays come after all strings, and those that begin with a name lie together. */
function othersOf(name: string): IDBKeyRange {
  return globalThis.IDBKeyRange.bound([name], [name, []]);
}

/** Each when the one before is written: what else the page has to do comes between. */
function putOthers(
  blobs: IDBObjectStore,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  before: IDBRequest,
  at = PIECE_BYTES,
): void {
  if (at >= bytes.length) return;
  before.addEventListener('success', () => {
    const piece = blobs.put(bytes.slice(at, at + PIECE_BYTES).buffer, [name, at]);
    putOthers(blobs, name, bytes, piece, at + PIECE_BYTES);
  });
}

function joined([first, ...others]: readonly [
  ArrayBuffer,
  ...ArrayBuffer[],
]): Uint8Array<ArrayBuffer> {
  if (others.length === 0) return new Uint8Array(first);
  const whole = new Uint8Array(
    others.reduce((sum, piece) => sum + piece.byteLength, first.byteLength),
  );
  let at = 0;
  for (const piece of [first, ...others]) {
    whole.set(new Uint8Array(piece), at);
    at += piece.byteLength;
  }
  return whole;
}
