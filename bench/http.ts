/**
 * `POST /v1/search` of a server in a process of its own, over 10,000 chunks of 300 characters on real Postgres with the embedded model, asked by
 * eight connections that always have a request under way. Every query is new, but for `asked again`, of a server that keeps answers.
 *
 *     npm run bench -- http [--rows CHUNKS]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { openArticles, prepareArticles } from './articles.ts';
import { type Bench, quantile, spreadOf } from './bench.ts';
import { sampleTexts } from './sample-texts.ts';
import { ScratchDatabases, withClient } from './scratch-databases.ts';
import type { ServerSays } from './server-process.ts';

const CHUNKS = 10_000;
const RUNS = 3;
const CONNECTIONS = 8;
const SECONDS = 4;
const QUERY_CHARS = 30;
const PER_SECOND = 300;
const P99_MS = 50;
const MODES = ['text', 'vector', 'hybrid', 'asked again'] as const;
type Mode = (typeof MODES)[number];

export const bench: Bench = {
  name: 'http',
  claim: `POST /v1/search, hybrid, 10,000 chunks, the embedded model: requests/s ÷ ${PER_SECOND}, or ${P99_MS} ms ÷ p99 where that is less`,
  aim: { text: `≥ 1 (${PER_SECOND} a second, p99 ≤ ${P99_MS} ms)`, ratio: 1, bound: 'at least' },

  async run({ runs = RUNS, rows: chunks = CHUNKS, note }) {
    const databases = await ScratchDatabases.open();
    try {
      const url = await prepareArticles(databases, chunks, ['body']);
      // Its table has to tell of changes where answers are kept.
      const evervec = await openArticles(url, { search: { cache: {} } });
      await evervec.setup();
      await withClient(url, (client) =>
        client.query('insert into articles select * from staging').then(() => undefined),
      );
      await (await evervec.worker()).drain();
      await evervec.close();
      note(`${chunks.toLocaleString('en')} chunks are in`);
      return await measure(url, runs, note);
    } finally {
      await databases.close();
    }
  },
};

interface Round {
  perSecond: number;
  p99: number;
  /** Of the server's process, for each request. */
  cpuMs: number;
}

async function measure(url: string, runs: number, note: (line: string) => void) {
  const servers = [await startServer(url), await startServer(url, 'kept')] as const;
  try {
    const queries = sampleTexts(1_000_000, QUERY_CHARS, 11);
    const rounds = Object.fromEntries(MODES.map((mode) => [mode, [] as Round[]])) as Record<
      Mode,
      Round[]
    >;
    for (let round = 0; round <= runs; round++)
      for (const mode of MODES) {
        const server = servers[mode === 'asked again' ? 1 : 0];
        const before = await server.cpuMs();
        const times = await load(server.url, mode, queries);
        if (round === 0) continue;
        rounds[mode].push({
          perSecond: times.length / SECONDS,
          p99: quantile(times, 0.99),
          cpuMs: ((await server.cpuMs()) - before) / times.length,
        });
        note(`round ${round} of ${runs}, ${mode}: ${JSON.stringify(rounds[mode].at(-1))}`);
      }
    const figures = MODES.flatMap((mode) => [
      [`${mode}, requests/s`, spreadOf(rounds[mode].map(({ perSecond }) => perSecond))] as const,
      [`${mode}, p99 ms`, spreadOf(rounds[mode].map(({ p99 }) => p99))] as const,
      [`${mode}, server's CPU, ms`, spreadOf(rounds[mode].map(({ cpuMs }) => cpuMs))] as const,
    ]);
    return {
      figures: Object.fromEntries(figures),
      ratio: spreadOf(
        rounds.hybrid.map(({ perSecond, p99 }) => Math.min(perSecond / PER_SECOND, P99_MS / p99)),
      ),
      remarks: [
        `Postgres, the server and who asks share the machine; ${availableParallelism() + 1} connections to Postgres`,
      ],
    };
  } finally {
    for (const server of servers) await server.stop();
  }
}

interface Server {
  url: URL;
  /** Of its process, since it began. */
  cpuMs(): Promise<number>;
  stop(): Promise<void>;
}

async function startServer(url: string, ...choices: 'kept'[]): Promise<Server> {
  const file = fileURLToPath(new URL('./server-process.ts', import.meta.url));
  const child = fork(file, [url, ...choices]);
  const [{ url: address = '' }] = (await once(child, 'message')) as [ServerSays];
  return {
    url: new URL(address),
    cpuMs: async () => {
      child.send('cpu');
      const [{ cpuMs = 0 }] = (await once(child, 'message')) as [ServerSays];
      return cpuMs;
    },
    stop: async () => {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/** @returns how long each request took, ms */
async function load(url: URL, mode: Mode, queries: Iterator<string>): Promise<number[]> {
  const times: number[] = [];
  const until = performance.now() + SECONDS * 1_000;
  const kept = Array.from({ length: 50 }, (_, n) => `what was asked before ${n}`);
  const ask = async () => {
    const connection = new Asker(url);
    while (performance.now() < until) {
      const again = mode === 'asked again';
      const query = again ? kept[times.length % kept.length] : queries.next().value;
      const started = performance.now();
      const status = await connection.post(
        '/v1/search',
        JSON.stringify({ query, ...(!again && { mode }) }),
      );
      if (status !== 200) throw new Error(`a search was answered ${status}`);
      times.push(performance.now() - started);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, ask));
  return times;
}

const HEADERS_END = '\r\n\r\n';

/**
 * One connection that is kept, one request at a time: all that is asked of HTTP here. A whole client would take more of the machine
 * that is measured.
 */
class Asker {
  readonly #socket;
  readonly #host: string;
  #answer: PromiseWithResolvers<number> | null = null;
  #received: Buffer[] = [];

  constructor({ hostname, port, host }: URL) {
    this.#host = host;
    this.#socket = connect(Number(port), hostname);
    this.#socket.setNoDelay(true);
    this.#socket.on('error', (error) => this.#answer?.reject(error));
    this.#socket.on('data', (bytes) => this.#take(bytes));
  }

  /** @returns the status, once the answer is here whole */
  async post(path: string, body: string): Promise<number> {
    this.#answer = Promise.withResolvers();
    this.#received = [];
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nhost: ${this.#host}\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}${HEADERS_END}${body}`,
    );
    return await this.#answer.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#received.push(bytes);
    const all = this.#received.length === 1 ? bytes : Buffer.concat(this.#received);
    const end = all.indexOf(HEADERS_END);
    if (end === -1) return;
    const headers = all.toString('latin1', 0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(headers)?.[1];
    if (length === undefined) return this.#answer?.reject(new Error('an answer without a length'));
    if (all.length < end + HEADERS_END.length + Number(length)) return;
    this.#answer?.resolve(Number(headers.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)));
  }
}
