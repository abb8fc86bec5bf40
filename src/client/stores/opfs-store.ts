/**
 * Files of the origin's private file system (OPFS). Browsers differ in what they do in one step there, so the state is written to two files in turn,
 * each with a number and a hash: the highest one that is whole counts.
 */
import { sha256Hex } from '../../format/index.ts';
import type { ReleaseStore } from '../store.ts';
import { ANSWER_MS, answered, storeError } from './device.ts';

const SLOTS = ['state.0', 'state.1'] as const;
const BLOBS = 'blobs';
const HASH_LENGTH = 64;

interface Folders {
  readonly top: FileSystemDirectoryHandle;
  readonly blobs: FileSystemDirectoryHandle;
}

export class OpfsStore implements ReleaseStore {
  readonly kind = 'opfs';
  readonly name: string;
  readonly #answerMs: number;

  /** @param answerMs how long it may be silent; default 15,000 */
  constructor(name = 'evervec', { answerMs = ANSWER_MS }: { answerMs?: number } = {}) {
    this.name = name;
    this.#answerMs = answerMs;
  }

  async open(): Promise<void> {
    await this.#within(async () => {});
  }

  async readState(): Promise<string | undefined> {
    return await this.#within(async (folders) => (await newest(folders.top))?.text);
  }

  async writeState(text: string): Promise<void> {
    await this.#within(async ({ top }) => {
      const before = await newest(top);
      const number = (before?.number ?? 0) + 1;
      const body = `${number}\n${text}`;
      const bytes = new TextEncoder().encode(body);
      const hash = new TextEncoder().encode(await sha256Hex(bytes));
      const whole = new Uint8Array(hash.length + bytes.length);
      whole.set(hash);
      whole.set(bytes, hash.length);
      await write(top, SLOTS[number % 2] ?? SLOTS[0], whole);
    });
  }

  async readBlob(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await this.#within(async ({ blobs }) => await read(blobs, name));
  }

  async writeBlob(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#within(async ({ blobs }) => await write(blobs, name, bytes));
  }

  async listBlobs(): Promise<string[]> {
    return await this.#within(async ({ blobs }) => {
      const names: string[] = [];
      for await (const name of blobs.keys()) names.push(name);
      return names;
    });
  }

  async removeBlob(name: string): Promise<void> {
    await this.#within(async ({ blobs }) => await remove(blobs, name));
  }

  async clear(): Promise<void> {
    await this.#within(async ({ top }) => {
      for (const slot of SLOTS) await remove(top, slot);
      await remove(top, BLOBS);
    });
  }

  async close(): Promise<void> {}

  /** Folders are asked for each time: after an eviction a handle leads nowhere. */
  async #within<T>(act: (folders: Folders) => Promise<T>): Promise<T> {
    const work = async () => {
      const origin = await globalThis.navigator.storage.getDirectory();
      const top = await origin.getDirectoryHandle(`evervec-${this.name}`, { create: true });
      return await act({ top, blobs: await top.getDirectoryHandle(BLOBS, { create: true }) });
    };
    try {
      return await answered(work(), this.#answerMs, 'The private file system');
    } catch (error) {
      throw storeError(error, 'The private file system');
    }
  }
}

async function newest(top: FileSystemDirectoryHandle) {
  const found = await Promise.all(SLOTS.map(async (slot) => await readSlot(top, slot)));
  return found.filter((one) => one !== undefined).toSorted((a, b) => b.number - a.number)[0];
}

async function readSlot(top: FileSystemDirectoryHandle, slot: string) {
  const bytes = await read(top, slot);
  if (bytes === undefined || bytes.length < HASH_LENGTH) return undefined;
  const hash = new TextDecoder().decode(bytes.subarray(0, HASH_LENGTH));
  const body = bytes.subarray(HASH_LENGTH);
  if ((await sha256Hex(body)) !== hash) return undefined;
  const spelt = new TextDecoder().decode(body);
  const end = spelt.indexOf('\n');
  return { number: Number(spelt.slice(0, end)), text: spelt.slice(end + 1) };
}

async function read(
  folder: FileSystemDirectoryHandle,
  name: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const file = await (await folder.getFileHandle(name)).getFile();
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What is written is there when it is closed; a page that ends before leaves what was. */
async function write(
  folder: FileSystemDirectoryHandle,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const file = await folder.getFileHandle(name, { create: true });
  const writable = await file.createWritable();
  try {
    await writable.write(bytes);
  } catch (error) {
    await writable.abort().catch(() => {});
    throw error;
  }
  await writable.close();
}

async function remove(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    await folder.removeEntry(name, { recursive: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotFoundError';
}
