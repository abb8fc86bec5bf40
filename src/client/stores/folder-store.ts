/** A folder, for programs in Node: the one module of the client that knows it (`evervec/client/folder`). One program at a time has a folder. */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';

import type { ReleaseStore } from '../store.ts';
import { storeError } from './device.ts';

export class FolderStore implements ReleaseStore {
  readonly kind = 'folder';
  /** The folder's absolute path. */
  readonly name: string;

  /** @param folder is made when it isn't there; nothing else may lie in it */
  constructor(folder: string) {
    this.name = path.resolve(folder);
  }

  async open(): Promise<void> {
    await this.#guarded(async () => {
      await mkdir(this.#blob(''), { recursive: true });
    });
  }

  async readState(): Promise<string | undefined> {
    const bytes = await this.#read(this.#state());
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  }

  async writeState(text: string): Promise<void> {
    await this.#replace(this.#state(), new TextEncoder().encode(text));
  }

  async readBlob(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await this.#read(this.#blob(name));
  }

  async writeBlob(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#replace(this.#blob(name), bytes);
  }

  async listBlobs(): Promise<string[]> {
    return await this.#guarded(async () => await readdir(this.#blob('')));
  }

  async removeBlob(name: string): Promise<void> {
    await this.#guarded(async () => await rm(this.#blob(name), { force: true }));
  }

  async clear(): Promise<void> {
    await this.#guarded(async () => {
      await rm(this.#state(), { force: true });
      await rm(this.#blob(''), { recursive: true, force: true });
      await mkdir(this.#blob(''), { recursive: true });
    });
  }

  async close(): Promise<void> {}

  #state(): string {
    return path.join(this.name, 'state.json');
  }

  #blob(name: string): string {
    return path.join(this.name, 'blobs', name);
  }

  async #read(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await this.#guarded(async () => {
      try {
        return new Uint8Array(await readFile(file));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    });
  }

  /** On the disk before it has its name, so that no loss of power leaves a name without its bytes. */
  async #replace(file: string, bytes: Uint8Array): Promise<void> {
    await this.#guarded(async () => {
      const part = `${file}.part`;
      try {
        const handle = await open(part, 'w');
        try {
          await handle.writeFile(bytes);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(part, file);
      } catch (error) {
        await rm(part, { force: true }).catch(() => {});
        throw error;
      }
    });
  }

  async #guarded<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw storeError(error, this.name);
    }
  }
}
