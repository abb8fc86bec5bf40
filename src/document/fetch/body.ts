/** Reads a body within its limits, which are counted while it streams: neither length nor compression is believed. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { FetchError } from '../../errors/index.ts';
import type { Clock } from '../../runtime/index.ts';
import { deadline } from './deadline.ts';
import type { Headers } from './headers.ts';
import { header } from './headers.ts';

/** What is asked for, and all that is taken. */
export const ACCEPTED_ENCODINGS = 'gzip, br';

export interface BodyLimits {
  /** Of what comes over the wire, and of what it is decompressed. */
  readonly maxBytes: number;
  /** At the limit: an error, or just the part that fits. */
  readonly atLimit: 'refuse' | 'cut';
  /** Between two parts of the body, ms. */
  readonly idleMs: number;
  readonly clock: Clock;
}

/**
 * @throws FetchError `TOO_LARGE`, `TIME_LIMIT`, `ENCODING`, or what the stream throws
 */
export async function readBody(
  url: URL,
  answer: { readonly headers: Headers; readonly body: Readable },
  limits: BodyLimits,
): Promise<Uint8Array> {
  const decoder = decoderFor(url, header(answer.headers, 'content-encoding'));
  refuseByLength(url, answer.headers, limits);
  const full = limits.atLimit === 'cut' ? ENOUGH : tooLarge(url, limits.maxBytes);
  const idle = new IdleWatch(url, answer.body, limits);
  const parts: Buffer[] = [];
  const wire = counted(limits.maxBytes, full, () => idle.restart());
  const plain = counted(limits.maxBytes, full, (part) => void parts.push(part));
  const sink = async (source: AsyncIterable<Buffer>) => {
    for await (const _ of plain(source));
  };
  try {
    if (decoder === null) await pipeline(answer.body, wire, sink);
    else await pipeline(answer.body, wire, decoder, sink);
  } catch (error) {
    if (error !== ENOUGH) throw error;
  } finally {
    idle.stop();
  }
  return Buffer.concat(parts).subarray(0, limits.maxBytes);
}

/** Not an error to anybody but the pipeline. */
const ENOUGH = new Error('as much as was asked for');

function tooLarge(url: URL, maxBytes: number): FetchError {
  return new FetchError('TOO_LARGE', url, `is larger than ${maxBytes} bytes.`);
}

/** Saves reading what says itself that it is too large; what says less is counted all the same. */
function refuseByLength(url: URL, headers: Headers, { maxBytes, atLimit }: BodyLimits): void {
  const length = Number(header(headers, 'content-length') ?? 0);
  if (atLimit === 'refuse' && length > maxBytes) throw tooLarge(url, maxBytes);
}

function decoderFor(url: URL, encoding: string | null) {
  switch (encoding?.trim().toLowerCase() ?? '') {
    case '':
    case 'identity':
      return null;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new FetchError('ENCODING', url, 'is compressed in a way that was not asked for.');
  }
}

/** Passes parts on, and throws `full` with the one that is too much, after `onPart` has seen it. */
function counted(maxBytes: number, full: Error, onPart: (part: Buffer) => void) {
  return async function* count(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const part of source) {
      bytes += part.length;
      onPart(part);
      if (bytes > maxBytes) throw full;
      yield part;
    }
  };
}

/** Ends a body of which nothing more comes. */
class IdleWatch {
  readonly #url: URL;
  readonly #body: Readable;
  readonly #limits: BodyLimits;
  #watched = new AbortController();

  constructor(url: URL, body: Readable, limits: BodyLimits) {
    this.#url = url;
    this.#body = body;
    this.#limits = limits;
    this.#watch();
  }

  restart(): void {
    this.stop();
    this.#watched = new AbortController();
    this.#watch();
  }

  stop(): void {
    this.#watched.abort();
  }

  #watch(): void {
    const { signal } = this.#watched;
    const { clock, idleMs } = this.#limits;
    const what = `sends nothing more for ${idleMs} ms.`;
    void deadline(clock, idleMs, signal, () =>
      this.#body.destroy(new FetchError('TIME_LIMIT', this.#url, what)),
    );
  }
}
