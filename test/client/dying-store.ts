/** A store whose program ends at some write, or whose device is full: what was written before stays. */
import { MemoryStore } from '../../src/client/index.ts';
import { ReleaseUpdateError } from '../../src/errors/index.ts';

/** Over the same place as another, so that a client can start again where this one ended. */
export class DyingStore extends MemoryStore {
  readonly #place: MemoryStore;
  /** Writes and removals until the end. */
  left = Infinity;
  /** Bytes that fit, of all blobs. */
  space = Infinity;
  writes = 0;

  constructor(place: MemoryStore) {
    super(place.name);
    this.#place = place;
  }

  override async readState() {
    return await this.#place.readState();
  }

  override async writeState(text: string) {
    this.#count();
    await this.#place.writeState(text);
  }

  override async readBlob(name: string) {
    return await this.#place.readBlob(name);
  }

  override async writeBlob(name: string, bytes: Uint8Array<ArrayBuffer>) {
    this.#count();
    let used = bytes.length;
    for (const other of await this.#place.listBlobs())
      if (other !== name) used += (await this.#place.readBlob(other))?.length ?? 0;
    if (used > this.space) throw new ReleaseUpdateError('QUOTA', 'The store is full.');
    await this.#place.writeBlob(name, bytes);
  }

  override async listBlobs() {
    return await this.#place.listBlobs();
  }

  override async removeBlob(name: string) {
    this.#count();
    await this.#place.removeBlob(name);
  }

  #count(): void {
    this.writes++;
    if (--this.left < 0) throw new ReleaseUpdateError('STORE', 'The program has ended.');
  }
}
