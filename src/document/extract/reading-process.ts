/**
 * One process that reads files: started, given a file or a few at a time, watched and killed at the limits. While it is idle it
 * keeps no program alive. Which file is next is not its matter.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExtractionError } from '../../errors/index.ts';
import type { ExtractInput, ExtractLimits } from './extracted.ts';
import type { ReadAnswer, ReadRequest, ReadResult } from './messages.ts';

const START_PATIENCE_MS = 30_000;
const WATCH_EVERY_MS = 50;
const MEBIBYTE = 1024 * 1024;

/**
 * The child's module: beside this one, as this one is (TypeScript in the repository, JavaScript when published), or,
 * when a build has bundled this one, where the build's entry of that name is.
 */
function entry(): string {
  const extension = path.extname(import.meta.url);
  const beside = new URL(`./child${extension}`, import.meta.url);
  const bundled = new URL(`./document/extract/child${extension}`, import.meta.url);
  return fileURLToPath(existsSync(beside) ? beside : bundled);
}

export class ReadingProcess {
  readonly #child: ChildProcess;
  readonly #limits: ExtractLimits;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #current: PromiseWithResolvers<ReadResult[]> | null = null;
  #rss = 0;
  #hasEnded = false;
  #isKilled = false;
  readonly #killAtExit = () => void this.#child.kill('SIGKILL');

  constructor(limits: ExtractLimits) {
    this.#limits = limits;
    this.#child = fork(entry(), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: environment(),
      // Flags of the program, such as --test or --inspect, are not for it. It may write no file and start no program, even
      // where a library has a hole.
      execArgv: [
        `--max-old-space-size=${Math.ceil((limits.maxMemoryBytes * 0.8) / MEBIBYTE)}`,
        '--permission',
        '--allow-fs-read=*',
        '--allow-worker',
        '--no-warnings',
      ],
    });
    process.once('exit', this.#killAtExit);
    this.#child.on('message', (answer: ReadAnswer) => this.#receive(answer));
    this.#child.once('error', () => this.#end(crashed('it could not be started')));
    this.#child.once('exit', (code, signal) => this.#end(this.#explain(code, signal)));
    this.#ready.promise.catch(() => {});
  }

  /** It can take a file, or a next one. */
  get isAlive(): boolean {
    return !this.#hasEnded && !this.#isKilled;
  }

  /** So much memory is left of earlier files that a next one might be blamed for it. */
  get isWorn(): boolean {
    return this.#rss > this.#limits.maxMemoryBytes / 3;
  }

  /**
   * One call at a time; the limits are for all of its files together.
   * @returns (inputs) what came of each
   * @throws ExtractionError where the process has ended, whichever file it was
   * @throws the signal's reason; the process is killed then
   */
  async read(
    inputs: readonly ExtractInput[],
    signal: AbortSignal | undefined,
  ): Promise<ReadResult[]> {
    const current = Promise.withResolvers<ReadResult[]>();
    current.promise.catch(() => {});
    this.#current = current;
    this.#hold();
    const abort = () => this.#kill(signal?.reason as Error);
    signal?.addEventListener('abort', abort);
    let stopWatching = () => {};
    try {
      await this.#started();
      stopWatching = this.#watch();
      const request: ReadRequest = { inputs, limits: this.#limits };
      this.#child.send(request, (error) => error && this.#kill(crashed('it took no file')));
      return await current.promise;
    } finally {
      stopWatching();
      signal?.removeEventListener('abort', abort);
      this.#current = null;
      this.#release();
    }
  }

  /** Resolves when it has ended. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    // Who waits for it is not to end before it.
    this.#hold();
    this.#kill(crashed('it was stopped'));
    await this.#ended.promise;
  }

  async #started(): Promise<void> {
    const timer = setTimeout(() => this.#kill(crashed('it did not start')), START_PATIENCE_MS);
    try {
      await Promise.race([this.#ready.promise, this.#current?.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #watch(): () => void {
    const { maxMs, maxMemoryBytes } = this.#limits;
    const timer = setTimeout(() => this.#kill(timedOut(maxMs)), maxMs);
    const watch = setInterval(() => {
      if (residentBytes(this.#child.pid) > maxMemoryBytes) this.#kill(outOfMemory(maxMemoryBytes));
    }, WATCH_EVERY_MS);
    return () => {
      clearTimeout(timer);
      clearInterval(watch);
    };
  }

  #receive(answer: ReadAnswer): void {
    if (answer.type === 'ready') return this.#ready.resolve();
    this.#rss = answer.rss;
    this.#current?.resolve(answer.results);
  }

  #kill(reason: Error): void {
    this.#isKilled = true;
    this.#current?.reject(reason);
    this.#child.kill('SIGKILL');
    if (this.#child.pid === undefined) this.#end(reason);
  }

  #end(reason: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    process.off('exit', this.#killAtExit);
    this.#current?.reject(reason);
    this.#ready.reject(reason);
    this.#ended.resolve();
  }

  /** V8 aborts when its heap is full. */
  #explain(code: number | null, signal: NodeJS.Signals | null): ExtractionError {
    if (signal === 'SIGABRT' || signal === 'SIGTRAP' || code === 134)
      return outOfMemory(this.#limits.maxMemoryBytes);
    return crashed(`it ended with ${signal ?? code}`);
  }

  #hold(): void {
    this.#child.ref();
    this.#child.channel?.ref();
  }

  #release(): void {
    this.#child.unref();
    this.#child.channel?.unref();
  }
}

/** Nothing of ours: what is in a variable can be a secret. The same zone everywhere makes the same dates. */
function environment(): NodeJS.ProcessEnv {
  const { SystemRoot } = process.env;
  return { TZ: 'UTC', ...(SystemRoot !== undefined && { SystemRoot }) };
}

/** 0 where it can't be told: there the limit of the heap alone holds. */
function residentBytes(pid: number | undefined): number {
  if (process.platform !== 'linux') return 0;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function timedOut(maxMs: number): ExtractionError {
  return new ExtractionError(`The file was not read within ${maxMs} ms.`, {
    fault: 'timed-out',
    remedy: 'Cut it into several, or save it as plain text.',
  });
}

function outOfMemory(maxBytes: number): ExtractionError {
  return new ExtractionError(
    `To read the file took more than ${Math.round(maxBytes / MEBIBYTE)} MiB of memory.`,
    { fault: 'out-of-memory', remedy: 'Cut it into several, or save it as plain text.' },
  );
}

function crashed(how: string): ExtractionError {
  return new ExtractionError(`The process that read the file failed: ${how}.`, {
    fault: 'crashed',
    remedy: 'Try it once more; if it fails again, save the file anew with its own program.',
  });
}
