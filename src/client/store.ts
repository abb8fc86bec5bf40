/**
 * Where a client keeps what it installed. One small text, the state, is replaced in one step: that is the whole of a transaction, because everything
 * else is named by its content and written before. A store must not know what it holds; whoever reads it checks hashes.
 */

export interface ReleaseStore {
  /** Clients of one name share a store, and a lock. */
  readonly name: string;
  readonly kind: 'memory' | 'indexeddb' | 'opfs' | 'folder';
  /** @throws ReleaseUpdateError `STORE` where there is none, or it does not answer in time */
  open(): Promise<void>;
  /** @returns undefined when there is none, or it is damaged */
  readState(): Promise<string | undefined>;
  /**
   * In one step: whoever reads finds the one before or this one, whole.
   * @throws ReleaseUpdateError `QUOTA`, `STORE`
   */
  writeState(text: string): Promise<void>;
  /** @returns undefined when it isn't there, as after an eviction */
  readBlob(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Whole or not at all where the device lets it; the bytes are copied, and are the caller's again afterwards.
   * @param name letters, digits, `.` and `-`
   * @throws ReleaseUpdateError `QUOTA`, `STORE`
   */
  writeBlob(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  listBlobs(): Promise<string[]>;
  /** That it is gone already is no error. */
  removeBlob(name: string): Promise<void>;
  /** State and blobs. */
  clear(): Promise<void>;
  close(): Promise<void>;
}
