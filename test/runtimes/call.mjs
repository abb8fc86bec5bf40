/** Calls the edge handler as a scheduler does, in whichever runtime runs this, and prints what it answered. */
import process from 'node:process';
import { createEdgeHandler } from 'evervec/edge';

const { DATABASE_URL, CRON_SECRET } = process.env;
const handler = createEdgeHandler({
  config: {
    database: DATABASE_URL,
    sources: { articles: { table: 'articles', text: ['title', 'body'] } },
  },
  cronSecret: CRON_SECRET,
});

async function call(method, secret) {
  const request = new Request('https://functions.example/update-embeddings?seconds=20', {
    method,
    headers: { authorization: `Bearer ${secret}` },
  });
  const response = await handler(request);
  return { status: response.status, body: await response.json() };
}

const wrong = await call('POST', 'another-secret-of-this-length');
const right = await call('POST', CRON_SECRET);
const again = await call('GET', CRON_SECRET);
// The platform ends a function; here the idle connections would keep it up for half a minute.
process.stdout.write(JSON.stringify({ wrong, right, again }), () => process.exit(0));
