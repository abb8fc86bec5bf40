/** For tests, private windows and programs that run for a short time: gone with the process. */
import type { ReleaseStore } from '../store.ts';

export class MemoryStore implements ReleaseStore {
  readonly kind = 'memory';
  readonly name: string;
  #state: string | undefined;
  readonly #blobs = new Map<string, Uint8Array<ArrayBuffer>>();

  constructor(name = 'evervec') {
    this.name = name;
  }

  async open(): Promise<void> {}

  async readState(): Promise<string | undefined> {
    return this.#state;
  }

  async writeState(text: string): Promise<void> {
    this.#state = text;
  }

  async readBlob(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#blobs.get(name)?.slice();
  }

  async writeBlob(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#blobs.set(name, bytes.slice());
  }

  async listBlobs(): Promise<string[]> {
    return [...this.#blobs.keys()];
  }

  async removeBlob(name: string): Promise<void> {
    this.#blobs.delete(name);
  }

  async clear(): Promise<void> {
    this.#state = undefined;
    this.#blobs.clear();
  }

  async close(): Promise<void> {}
}
