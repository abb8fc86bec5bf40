/**
 * Postgres' wire protocol, version 3, as far as the bridge must know it: where a message begins and ends,
 * and the few messages that it writes itself. Bytes in, bytes out; no sockets here.
 */

/** What a message's first byte says, as a character. */
export type MessageType = string;

/** A larger one is refused before it is held in memory; WebAssembly could not take it. Bytes. */
const MAX_MESSAGE_BYTES = 512 * 1024 * 1024;

/** Postgres' own limit. */
const MAX_STARTUP_BYTES = 10_000;

/** Type and length. */
const HEADER_BYTES = 5;

/** The client does not speak the protocol; the connection can only be dropped. */
export class ProtocolViolation extends Error {}

export function frame(type: MessageType, body: Uint8Array | string = ''): Buffer {
  const bytes = Buffer.from(body as string);
  const message = Buffer.allocUnsafe(HEADER_BYTES + bytes.length);
  message.write(type, 0, 'latin1');
  message.writeInt32BE(4 + bytes.length, 1);
  bytes.copy(message, HEADER_BYTES);
  return message;
}

export function typeOf(message: Buffer): MessageType {
  return String.fromCharCode(message[0] ?? 0);
}

function endOfString(message: Buffer, offset: number): number {
  const end = message.indexOf(0, offset);
  if (end < 0) throw new ProtocolViolation('a string without an end');
  return end;
}

/** The C string at `offset`. */
export function stringAt(message: Buffer, offset: number): string {
  const end = message.indexOf(0, offset);
  return message.toString('utf8', offset, end < 0 ? message.length : end);
}

export function errorFrame(severity: 'ERROR' | 'FATAL', sqlState: string, message: string): Buffer {
  return frame('E', `S${severity}\0V${severity}\0C${sqlState}\0M${message}\0\0`);
}

/** Says "send the rows"; the number of columns is not known here, and no client needs it. */
export function copyInResponse(isBinary: boolean): Buffer {
  return frame('G', Uint8Array.of(isBinary ? 1 : 0, 0, 0));
}

/**
 * The messages that a statement's name is first in, or second behind the portal's.
 * @returns the message in one piece or in two: what follows the name may be megabytes of values, and is not copied
 */
export function withStatementName(message: Buffer, rename: (name: string) => string): Buffer[] {
  const type = typeOf(message);
  let start = HEADER_BYTES;
  if (type === 'B') start = endOfString(message, start) + 1;
  // Describe and Close say first whether they mean a statement or a portal.
  if (type === 'D' || type === 'C') {
    if (message[start] !== 0x53) return [message];
    start += 1;
  }
  const end = endOfString(message, start);
  const name = message.toString('utf8', start, end);
  const renamed = rename(name);
  if (renamed === name) return [message];
  const head = Buffer.concat([message.subarray(0, start), Buffer.from(renamed)]);
  const rest = message.subarray(end);
  head.writeInt32BE(head.length + rest.length - 1, 1);
  return [head, rest];
}

/** Collects what a socket delivers and gives it out in whole messages; copies each byte at most twice. */
export class MessageReader {
  #chunks: Buffer[] = [];
  #size = 0;
  /** So many bytes must be there before looking again is of use. */
  #wanted = 1;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** The first message of a connection, which has no type; null while it is not complete. */
  takeStartup(): Buffer | null {
    const bytes = this.#joined(8);
    if (bytes === null) return null;
    const length = checkedLength(bytes.readInt32BE(0), 8, MAX_STARTUP_BYTES);
    if (bytes.length < length) return null;
    this.#keep(bytes.subarray(length));
    return bytes.subarray(0, length);
  }

  /** All messages that are complete. */
  take(): Buffer[] {
    const bytes = this.#joined(this.#wanted);
    if (bytes === null) return [];
    const messages: Buffer[] = [];
    let at = 0;
    this.#wanted = HEADER_BYTES;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = 1 + checkedLength(bytes.readInt32BE(at + 1), 4);
      this.#wanted = length;
      if (bytes.length - at < length) break;
      messages.push(bytes.subarray(at, at + length));
      at += length;
      this.#wanted = HEADER_BYTES;
    }
    this.#keep(bytes.subarray(at));
    return messages;
  }

  #joined(wanted: number): Buffer | null {
    if (this.#size < wanted) return null;
    const [only] = this.#chunks;
    return this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
  }
}

function checkedLength(length: number, min: number, max = MAX_MESSAGE_BYTES): number {
  if (length >= min && length <= max) return length;
  throw new ProtocolViolation(`a message of ${length} bytes`);
}

/** A server's output, taken apart. */
export interface Output {
  /** For the client whose messages were run, in order. */
  answer: Buffer[];
  /** For every client. */
  notifications: Buffer[];
  /** Of the last ReadyForQuery, when the output ends with it: idle, in a transaction, in a failed one. */
  status: 'I' | 'T' | 'E' | null;
}

/**
 * @param dropped types of which the first message is left out of the answer
 */
export function splitOutput(bytes: Buffer, dropped: Set<MessageType>): Output {
  const output: Output = { answer: [], notifications: [], status: null };
  const left = new Set(dropped);
  let runStart = 0;
  let at = 0;
  while (at < bytes.length) {
    const type = String.fromCharCode(bytes[at] ?? 0);
    const end = at + 1 + bytes.readInt32BE(at + 1);
    const isNotification = type === 'A';
    if (isNotification || left.delete(type)) {
      if (at > runStart) output.answer.push(bytes.subarray(runStart, at));
      if (isNotification) output.notifications.push(bytes.subarray(at, end));
      runStart = end;
    }
    if (!isNotification)
      output.status = type === 'Z' ? (String.fromCharCode(bytes[at + 5] ?? 0) as 'I') : null;
    at = end;
  }
  if (at > runStart) output.answer.push(bytes.subarray(runStart, at));
  return output;
}
