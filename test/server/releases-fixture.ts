/** A server that shows a release of its own, what publishes it, and who listens. */
import { onTestFinished } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import type { Config } from '../../src/engine/index.ts';
import type { ReportEntry } from '../../src/format/report.ts';
import { publishDraft, type PublishOptions } from '../../src/release/index.ts';
import type { Logger } from '../../src/runtime/index.ts';
import { createHandler, type HandlerOptions, serve } from '../../src/server/index.ts';
import { openWorkshop, type Workshop } from '../release/workshop.ts';
import { eventually } from '../setup/signal.ts';
import { configure } from '../source/fixture.ts';

export const TOKEN = 'admin-token-00001';

type Serve = NonNullable<Config['releases']>[string]['serve'];

interface StartOptions {
  serve?: Serve;
  handler?: HandlerOptions;
  /** Of another server. */
  shop?: Workshop;
  /** False: as a bucket, which is looked at from time to time only. */
  isWatched?: boolean;
}

export async function startReleases(
  database: Database,
  { serve: how = true, handler = {}, ...given }: StartOptions = {},
) {
  const shop = given.shop ?? (await openWorkshop(Date.now()));
  if (given.shop === undefined) onTestFinished(() => shop[Symbol.asyncDispose]());
  const target =
    given.isWatched === false
      ? { type: 's3' as const, bucket: 'stands for the folder' }
      : { type: 'folder' as const, path: `${shop.folder}/public` };
  const withKeys = typeof how === 'object' ? { keys: shop.keys, ...how } : how;
  const { evervec } = await configure(
    database,
    {},
    { documents: {}, releases: { guide: { target, serve: withKeys }, hidden: { target } } },
  );
  onTestFinished(() => evervec.close());
  const warnings: object[] = [];
  const logger: Logger = {
    debug: () => {},
    info: () => {},
    warn: (fields) => void warnings.push(fields),
    error: () => {},
  };
  const serving = await evervec.releases.serving({ openTarget: () => shop.target, logger });
  if (serving === null) throw new Error('nothing is served');
  const options = { token: TOKEN, releases: serving, addressHeader: 'x-from', ...handler };
  const server = await serve(createHandler(evervec, options), { port: 0 });
  onTestFinished(async () => {
    await server.close();
    await serving.stop();
  });
  let drafts = 0;
  return {
    evervec,
    shop,
    serving,
    server,
    warnings,
    url: server.url,
    /** The folder that a client is given. */
    folder: `${server.url}/releases/guide/`,
    publish: async (text = `Release ${++drafts}.`, options: PublishOptions = {}) =>
      await publishDraft(await shop.publisher(), await shop.draft(text), options),
    report: async (
      reports: readonly ReportEntry[],
      { from = '203.0.113.7', ...headers }: Record<string, string> = {},
      channel = 'stable',
    ) =>
      await fetch(`${server.url}/v1/releases/guide/reports`, {
        method: 'POST',
        headers: { 'x-from': from, 'content-type': 'text/plain', ...headers },
        body: JSON.stringify({ client: '0.1.0', channel, reports }),
      }),
    ask: async (path: string, init: RequestInit = {}) => {
      const headers = { authorization: `Bearer ${TOKEN}`, ...init.headers };
      return await fetch(server.url + path, { ...init, headers });
    },
  };
}

export interface Listening {
  readonly response: Response;
  /** All that came. */
  readonly text: () => string;
  /** When what came has this in it. */
  until(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray>;
  /** When the server has ended it. */
  readonly ended: Promise<void>;
  leave(): void;
}

export async function listen(
  address: string,
  headers: Record<string, string> = {},
): Promise<Listening> {
  const leaving = new AbortController();
  const response = await fetch(address, { headers, signal: leaving.signal });
  let text = '';
  const read = async () => {
    const decoded = response.body?.pipeThrough(new TextDecoderStream());
    for await (const part of decoded ?? []) text += part;
  };
  const ended = read().catch(() => {});
  onTestFinished(() => leaving.abort());
  return {
    response,
    text: () => text,
    until: async (pattern, deadlineMs) =>
      await eventually(`${pattern}`, () => pattern.exec(text) ?? undefined, deadlineMs),
    ended,
    leave: () => leaving.abort(),
  };
}
