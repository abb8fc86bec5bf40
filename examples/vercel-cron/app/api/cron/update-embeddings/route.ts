/**
 * A route of a Next.js application that Vercel's scheduler calls (vercel.json). Set DATABASE_URL and CRON_SECRET in the
 * project: Vercel sends the latter as the bearer token by itself.
 */
import { createEdgeHandler } from 'evervec/edge';

/** node-postgres needs Node's sockets. */
export const runtime = 'nodejs';
/** Above the 50 s that a call may take. */
export const maxDuration = 60;

const handler = createEdgeHandler({
  config: {
    database: process.env['DATABASE_URL'],
    sources: { articles: { table: 'articles', text: ['title', 'body'] } },
  },
  cronSecret: process.env['CRON_SECRET'],
});

export { handler as GET, handler as POST };
