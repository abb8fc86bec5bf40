/**
 * Watches what a target offers: a folder by the file system, any target by looking from time to time. What is read here is not verified: it tells that
 * there is something to look at, and clients verify what they take.
 */
import { type FSWatcher, watch } from 'node:fs';
import { type ChannelDocument, readChannel } from '../format/index.ts';
import { systemClock } from '../runtime/index.ts';
import { POINTER } from './published.ts';
import type { ReadableTarget } from './target.ts';

export interface WatchOptions {
  readonly target: ReadableTarget;
  /** Where it is a folder of this machine. */
  readonly folder?: string | undefined;
  /** Between two looks that nothing asked for. */
  readonly pollMs: number;
  /** Called once for each time that looking begins to fail. */
  readonly onFault: (error: unknown) => void;
}

type Listener = (channel: ChannelDocument) => void;

export class PointerWatch {
  readonly #options: WatchOptions;
  readonly #listeners = new Set<Listener>();
  readonly #end = new AbortController();
  #nap = new AbortController();
  #bytes: Uint8Array = new Uint8Array();
  #channel: ChannelDocument | null = null;
  #watcher: FSWatcher | null = null;
  #isFailing = false;
  #loop: Promise<void> | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** What was found last; null while nothing is published. */
  get channel(): ChannelDocument | null {
    return this.#channel;
  }

  /** @returns ends it */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when it has looked once. */
  async start(): Promise<void> {
    if (this.#loop !== undefined) return;
    this.#follow();
    await this.look();
    this.#loop = this.#run();
  }

  /** Looks now; who asks while one is under way gets that one. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#nap.abort();
    this.#watcher?.close();
    this.#listeners.clear();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      await systemClock.sleep(this.#options.pollMs, this.#nap.signal);
      this.#nap = new AbortController();
      if (this.#end.signal.aborted) return;
      this.#follow();
      await this.look();
    }
  }

  /** Where the folder is not there yet, or can't be watched, looking from time to time has to do. */
  #follow(): void {
    const { folder } = this.#options;
    if (folder === undefined || this.#watcher !== null) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || name === POINTER) this.#nap.abort();
      });
      watcher.on('error', () => watcher.close());
      watcher.on('close', () => {
        this.#watcher = null;
      });
      this.#watcher = watcher;
    } catch {
      this.#watcher = null;
    }
  }

  async #look(): Promise<void> {
    try {
      await this.#read();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#options.onFault(error);
      this.#isFailing = true;
    }
  }

  async #read(): Promise<void> {
    const bytes = await this.#options.target.get(POINTER);
    if (bytes === undefined || Buffer.compare(bytes, this.#bytes) === 0) return;
    const channel = readChannel(JSON.parse(Buffer.from(bytes).toString()).signed, '$.signed');
    this.#bytes = bytes;
    this.#channel = channel;
    for (const listener of this.#listeners) listener(channel);
  }
}
