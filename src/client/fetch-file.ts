/**
 * One file of one server, as plain bytes: bounded by its signed lengths and by time, whatever the server says of itself. Hosts differ in whether they
 * name, undo or repeat compression, so only the bytes tell. Must not know what the file is.
 */
import { EvervecError } from '../errors/evervec-error.ts';
import { ReleaseUpdateError } from '../errors/release-update-error.ts';
import type { Clock } from '../runtime/clock.ts';

/** Milliseconds. */
export interface Timeouts {
  /** Until the headers are there. Default 15,000. */
  readonly connectMs: number;
  /** Without a byte. Default 20,000. */
  readonly stallMs: number;
  /** For the whole file. Default 600,000. */
  readonly totalMs: number;
}

export interface Wanted {
  readonly url: string;
  /** Of the plain file. */
  readonly maximumBytes: number;
  /** Where it comes as gzip. */
  readonly maximumGzipBytes: number;
  readonly cache: RequestCache;
  /** Bytes that came over the wire so far, or that they became where the platform undid a compression of the host's. */
  readonly onBytes?: ((bytes: number, limit: number) => void) | undefined;
}

export interface Fetching {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly timeouts: Timeouts;
  readonly signal: AbortSignal;
}

const GZIP_MAGIC = [0x1f, 0x8b] as const;

/** @throws ReleaseUpdateError `UNREACHABLE`, `TIME_LIMIT`, `TOO_LARGE`, `DAMAGED` (of gzip), `CLOSED` */
export async function fetchFile(
  wanted: Wanted,
  { fetch, clock, timeouts, signal }: Fetching,
): Promise<Uint8Array<ArrayBuffer>> {
  const ending = new AbortController();
  const stop = () => ending.abort(closed());
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const limits = new TimeLimits(clock, timeouts, wanted.url);
  let status: number | undefined;
  try {
    const { url, cache } = wanted;
    const { signal } = ending;
    const asked = fetch(url, { signal, cache, credentials: 'omit', redirect: 'follow' });
    const response = await limits.within(asked, 'connectMs');
    status = response.status;
    if (!response.ok || response.body === null)
      throw new ReleaseUpdateError('UNREACHABLE', `${shown(url)} answers ${status}.`, {
        status,
      });
    return await readBody(response.body.getReader(), wanted, limits);
  } catch (error) {
    if (signal.aborted) throw closed();
    if (EvervecError.isInstance(error)) throw error;
    throw new ReleaseUpdateError('UNREACHABLE', `${shown(wanted.url)} can't be read.`, {
      cause: error,
      ...(status !== undefined && { status }),
    });
  } finally {
    signal.removeEventListener('abort', stop);
    limits.end();
    // What still comes is of no use.
    ending.abort();
  }
}

type ByteReader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

async function readBody(
  body: ByteReader,
  wanted: Wanted,
  limits: TimeLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const { head, isDone } = await readHead(body, limits);
  const isGzip = GZIP_MAGIC.every((byte, i) => head[i] === byte);
  const limit = isGzip ? wanted.maximumGzipBytes : wanted.maximumBytes;
  const chunks = wireChunks(body, head, isDone, limit, wanted, limits);
  return await gather(isGzip ? inflated(inTurns(chunks), wanted.url) : chunks, wanted);
}

/** Two bytes tell; the first piece may have one. */
async function readHead(body: ByteReader, limits: TimeLimits) {
  let head = new Uint8Array();
  while (head.length < GZIP_MAGIC.length) {
    const { done, value } = await limits.within(body.read(), 'stallMs');
    if (done) return { head, isDone: true };
    head = joined([head, value], head.length + value.length);
  }
  return { head, isDone: false };
}

async function* wireChunks(
  body: ByteReader,
  head: Uint8Array<ArrayBuffer>,
  isDone: boolean,
  limit: number,
  { url, onBytes }: Wanted,
  limits: TimeLimits,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  let came = 0;
  for (let chunk: Uint8Array<ArrayBuffer> | undefined = head; chunk !== undefined;) {
    came += chunk.length;
    if (came > limit) throw tooLarge(url, limit);
    onBytes?.(came, limit);
    yield chunk;
    if (isDone) return;
    const next = await limits.within(body.read(), 'stallMs');
    chunk = next.done ? undefined : next.value;
  }
}

/** What is decompressed at one go: browsers do it in the page's own thread. */
const PIECE_BYTES = 65_536;
const TURN_MS = 16;

/** The same bytes in small pieces, with room for what else the page has to do. */
async function* inTurns(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  let since = performance.now();
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      yield chunk.subarray(at, at + PIECE_BYTES);
      if (performance.now() - since < TURN_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      since = performance.now();
    }
}

/** `ReadableStream.from` is not everywhere. */
async function* inflated(
  chunks: AsyncGenerator<Uint8Array<ArrayBuffer>, void>,
  url: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  let fault: unknown;
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        fault = error;
        controller.error(error);
      }
    },
  });
  const reader = source.pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value as Uint8Array<ArrayBuffer>;
    }
  } catch (error) {
    if (fault !== undefined) throw fault;
    throw new ReleaseUpdateError('DAMAGED', `${shown(url)} can't be decompressed.`, {
      cause: error,
    });
  } finally {
    // It is done, or what made it fail is known.
    await reader.cancel().catch(() => {});
  }
}

/** Room for the signed length from the start: pieces beside the whole would take twice as much. */
async function gather(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  { url, maximumBytes }: Wanted,
): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(maximumBytes);
  let bytes = 0;
  for await (const chunk of chunks) {
    if (bytes + chunk.length > maximumBytes) throw tooLarge(url, maximumBytes);
    whole.set(chunk, bytes);
    bytes += chunk.length;
  }
  return bytes === maximumBytes ? whole : whole.slice(0, bytes);
}

function joined(parts: Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One clock for the whole file and one for each wait. */
class TimeLimits {
  readonly #clock: Clock;
  readonly #timeouts: Timeouts;
  readonly #url: string;
  readonly #startedAt: number;
  readonly #over = new AbortController();

  constructor(clock: Clock, timeouts: Timeouts, url: string) {
    this.#clock = clock;
    this.#timeouts = timeouts;
    this.#url = url;
    this.#startedAt = clock.now();
  }

  async within<T>(work: Promise<T>, kind: 'connectMs' | 'stallMs'): Promise<T> {
    const left = this.#timeouts.totalMs - (this.#clock.now() - this.#startedAt);
    const ms = Math.max(0, Math.min(this.#timeouts[kind], left));
    const waiting = new AbortController();
    const end = () => waiting.abort();
    this.#over.signal.addEventListener('abort', end, { once: true });
    const late = this.#clock.sleep(ms, waiting.signal).then(() => 'late' as const);
    work.catch(() => {});
    try {
      const first = await Promise.race([work, late]);
      if (first !== 'late') return first;
      throw new ReleaseUpdateError(
        'TIME_LIMIT',
        `${shown(this.#url)}: nothing within ${ms} ms (of ${this.#timeouts.totalMs} ms for all of it).`,
      );
    } finally {
      waiting.abort();
      this.#over.signal.removeEventListener('abort', end);
    }
  }

  end(): void {
    this.#over.abort();
  }
}

function closed(): ReleaseUpdateError {
  return new ReleaseUpdateError('CLOSED', 'The client was closed.');
}

function tooLarge(url: string, limit: number): ReleaseUpdateError {
  return new ReleaseUpdateError('TOO_LARGE', `${shown(url)} goes on after ${limit} bytes.`);
}

/** A query may hold a token. */
function shown(url: string): string {
  return url.replace(/[?#].*$/s, '');
}
