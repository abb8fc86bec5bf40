/**
 * One client of the embedded server: reads its messages, runs them when it is its turn, and leaves nothing
 * behind when it goes, however it goes.
 */
import type { Socket } from 'node:net';
import type { Backend } from './backend.ts';
import { findCopyFromStdin } from './copy-statement.ts';
import {
  copyInResponse,
  errorFrame,
  frame,
  MessageReader,
  type Output,
  ProtocolViolation,
  stringAt,
  typeOf,
  withStatementName,
} from './frames.ts';

const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;
const PROTOCOL_3 = 196_608;

/** There is one user and one database, whatever a client asks for: who may open the socket may do all. */
const STARTUP = (() => {
  const body = Buffer.from('user\0postgres\0database\0postgres\0\0');
  const header = Buffer.alloc(8);
  header.writeInt32BE(8 + body.length, 0);
  header.writeInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([header, body]);
})();

const SYNC = frame('S');
const COPY_FAIL = frame('f', 'COPY FROM STDIN must be the only statement of its text here\0');
const REFUSE_COPY = frame(
  'Q',
  `do $$ begin raise exception using errcode = '0A000', message =
'COPY FROM STDIN with the extended protocol is not supported by the embedded database',
hint = 'Send it as a simple query.'; end $$\0`,
);
/** Session state is the backend's, so what a client set must not reach the next one. LISTEN stays. */
const RESET = frame('Q', 'reset all; reset session authorization\0');
const RESET_AS_LAST = frame(
  'Q',
  `reset all; reset session authorization; close all; select pg_catalog.pg_advisory_unlock_all();
discard temp; discard sequences\0`,
);

/** What all clients of a server share. */
export interface Shared {
  backend: Backend;
  sessions: Set<ClientSession>;
  /** Whose unnamed statement the backend has: the others' was overwritten. */
  unnamedOwner: ClientSession | null;
  /** How long a client may keep others waiting without a word, ms. */
  idleTimeoutMs: number;
  /** The backend has ended; never called twice. */
  onFailure: (failure: unknown) => void;
}

interface CopyIn {
  messages: Buffer[];
}

let lastNumber = 0;

export class ClientSession {
  readonly #socket: Socket;
  readonly #shared: Shared;
  readonly #reader = new MessageReader();
  /** In front of the names of prepared statements, which are the backend's and not the client's. */
  readonly #prefix = `c${(lastNumber += 1)}_`;
  readonly #statements = new Set<string>();
  #isStarted = false;
  #isGone = false;
  #isWorking = false;
  /** After a refused message, until the client synchronizes. */
  #isSkipping = false;
  #copy: CopyIn | null = null;
  #status: Output['status'] = 'I';
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, shared: Shared) {
    this.#socket = socket;
    this.#shared = shared;
    shared.sessions.add(this);
    socket.on('data', (chunk) => {
      this.#reader.push(chunk);
      void this.#work();
    });
    // An error is followed by 'close', which is what counts.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isGone = true;
      void this.#work();
    });
  }

  /** Gives the client a whole message that it did not ask for. */
  notify(message: Buffer): void {
    if (this.#isStarted && !this.#isGone) this.#socket.write(message);
  }

  /** Tells the client that the server ends, and closes. */
  shutDown(sqlState: string, message: string): void {
    if (this.#isStarted && !this.#isGone)
      this.#socket.write(errorFrame('FATAL', sqlState, message));
    this.#isGone = true;
    this.#socket.destroySoon();
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      while (!this.#isGone && (await this.#step()));
      if (this.#isGone) await this.#leave();
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) {
        this.#shared.onFailure(error);
        return;
      }
      this.shutDown('08P01', `protocol violation: ${error.message}`);
    } finally {
      this.#isWorking = false;
    }
  }

  /** @returns whether there may be more to do */
  async #step(): Promise<boolean> {
    if (!this.#isStarted) {
      const startup = this.#reader.takeStartup();
      if (startup === null) return false;
      await this.#start(startup);
      return true;
    }
    const messages = this.#reader.take();
    if (messages.length === 0) return false;
    await this.#process(messages);
    return true;
  }

  async #start(message: Buffer): Promise<void> {
    const code = message.readInt32BE(4);
    if (code === SSL_REQUEST || code === GSS_REQUEST) {
      this.#socket.write('N');
      return;
    }
    if (code === CANCEL_REQUEST) {
      // A running statement blocks this thread: there is nothing to cancel when this is read.
      this.#isGone = true;
      this.#socket.end();
      return;
    }
    if (code >> 16 !== 3) throw new ProtocolViolation(`protocol version ${code >> 16}`);
    await this.#shared.backend.acquire(this);
    this.#deliver(await this.#shared.backend.run([STARTUP]));
    this.#isStarted = true;
    this.#shared.backend.release(this);
  }

  /** Takes messages in order and runs those that belong together in one call. */
  async #process(messages: Buffer[]): Promise<void> {
    let batch: Buffer[] = [];
    const flush = async () => {
      const ready = batch;
      batch = [];
      if (ready.length > 0) await this.#run(ready);
    };
    for (const message of messages) {
      if (this.#isGone) return;
      const type = typeOf(message);
      if (type === 'X') {
        await flush();
        this.#isGone = true;
        this.#socket.end();
        return;
      }
      if (this.#copy !== null) await this.#collect(this.#copy, message);
      else if (this.#isSkipping && type !== 'S') continue;
      else if (type === 'Q' || type === 'P') await this.#examine(message, batch, flush);
      else if ('SBDECHF'.includes(type)) batch.push(message);
      else if (!'dcf'.includes(type)) throw new ProtocolViolation(`message of type ${type}`);
      if (type === 'S') this.#isSkipping = false;
    }
    await flush();
  }

  /** A message that holds a statement. */
  async #examine(message: Buffer, batch: Buffer[], flush: () => Promise<void>): Promise<void> {
    const isQuery = typeOf(message) === 'Q';
    const sql = stringAt(message, isQuery ? 5 : message.indexOf(0, 5) + 1);
    const { kind, isBinary } = findCopyFromStdin(sql);
    if (kind === 'none') batch.push(message);
    else if (!isQuery) {
      await flush();
      await this.#refuseCopy();
    } else if (kind === 'alone') {
      await flush();
      this.#copy = { messages: [message] };
      this.#socket.write(copyInResponse(isBinary));
    } else {
      // Ends the copy with an error when the server comes to it; ignored when it does not.
      batch.push(message, COPY_FAIL);
    }
  }

  /** The data of a copy is gathered first, so that a slow client does not hold the others up. */
  async #collect(copy: CopyIn, message: Buffer): Promise<void> {
    const type = typeOf(message);
    if (type === 'S' || type === 'H') return;
    if (!'dcf'.includes(type)) throw new ProtocolViolation(`message of type ${type} within a copy`);
    copy.messages.push(message);
    if (type === 'd') return;
    this.#copy = null;
    // The answer to the statement was given above.
    await this.#run(copy.messages, new Set(['G']));
  }

  async #refuseCopy(): Promise<void> {
    // Raised by the server, so that an open transaction fails as it should.
    await this.#shared.backend.acquire(this);
    this.#deliver(await this.#shared.backend.run([REFUSE_COPY], new Set(['Z'])));
    this.#isSkipping = true;
  }

  async #run(batch: readonly Buffer[], dropped = new Set<string>()): Promise<void> {
    const { backend } = this.#shared;
    await backend.acquire(this);
    clearTimeout(this.#idleTimer);
    if (this.#isGone) return;
    const output = await backend.run(
      batch.flatMap((message) => this.#renamed(message)),
      dropped,
    );
    this.#deliver(output);
    const isWhole = 'QSFcf'.includes(typeOf(batch.at(-1) ?? SYNC));
    // PGlite swallows some crashes of WebAssembly; what is left of the backend can't be trusted.
    if (isWhole && this.#status === null) throw new Error('the backend gave no answer');
    if (isWhole && this.#status === 'I') backend.release(this);
    else this.#watchIdle();
  }

  /** A client that holds its turn and says nothing would hold everybody up for ever. */
  #watchIdle(): void {
    this.#idleTimer = setTimeout(() => {
      if (this.#shared.backend.isAwaited)
        this.shutDown('25P03', 'idle in transaction for too long');
      else this.#watchIdle();
    }, this.#shared.idleTimeoutMs);
  }

  #deliver({ answer, notifications, status }: Output): void {
    this.#status = status;
    if (!this.#isGone) for (const part of answer) this.#socket.write(part);
    for (const notification of notifications)
      for (const session of this.#shared.sessions) session.notify(notification);
  }

  #renamed(message: Buffer): Buffer[] {
    const type = typeOf(message);
    // A simple query takes the unnamed statement with it.
    if (type === 'Q') this.#shared.unnamedOwner = null;
    if (!'PBDC'.includes(type)) return [message];
    return withStatementName(message, (name) => {
      if (name === '') {
        if (type === 'P') this.#shared.unnamedOwner = this;
        // A name that is not there: the server answers that the statement does not exist.
        return this.#shared.unnamedOwner === this ? '' : `${this.#prefix} overwritten`;
      }
      if (type === 'P') this.#statements.add(name);
      if (type === 'C') this.#statements.delete(name);
      return this.#prefix + name;
    });
  }

  /** Ends what the client had open. */
  async #leave(): Promise<void> {
    const { backend, sessions } = this.#shared;
    if (!sessions.delete(this) || !this.#isStarted) return;
    await backend.acquire(this);
    clearTimeout(this.#idleTimer);
    if (this.#status === null) await this.#quiet([SYNC]);
    if (this.#status !== 'I') await this.#quiet([frame('Q', 'rollback\0')]);
    const closing = [...this.#statements].map((name) => frame('C', `S${this.#prefix}${name}\0`));
    if (closing.length > 0) await this.#quiet([...closing, SYNC]);
    await this.#quiet([sessions.size === 0 ? RESET_AS_LAST : RESET]);
    backend.release(this);
  }

  async #quiet(messages: readonly Buffer[]): Promise<void> {
    this.#deliver(await this.#shared.backend.run(messages));
  }
}
