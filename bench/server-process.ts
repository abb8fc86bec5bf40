/**
 * A process of its own that serves Evervec over HTTP on a free port of this machine, over `articles`. Says its address and, when
 * asked, how much processor it has used. Ends with its parent.
 *
 *     node bench/server-process.ts <database url> [kept]
 *
 * `kept`: answers are kept, which is not the default. As docs/operations.md says, it has one connection more than there are processors.
 */
import { availableParallelism } from 'node:os';
import { createHandler, serve } from '../src/server/index.ts';
import { openArticles } from './articles.ts';

export interface ServerSays {
  url?: string;
  /** Since it began, ms. */
  cpuMs?: number;
}

const [url = '', kept] = process.argv.slice(2);
const evervec = await openArticles(url, {
  maxConnections: availableParallelism() + 1,
  ...(kept === 'kept' && { search: { cache: {} } }),
});
const server = await serve(createHandler(evervec), { port: 0 });
const say = (says: ServerSays) => process.send?.(says);
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  say({ cpuMs: (user + system) / 1_000 });
});
process.once('disconnect', async () => {
  await server.close();
  await evervec.close();
});
say({ url: server.url });
