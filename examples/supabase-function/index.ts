/**
 * A Supabase Edge Function (or any Deno) that embeds what waits; schedule.sql calls it every minute. Set the sources up
 * before, from your machine: `npx evervec setup`, `npx evervec backfill`.
 *
 *     supabase secrets set CRON_SECRET="$(openssl rand -hex 32)"
 *     supabase functions deploy evervec --no-verify-jwt
 *
 * Without `--no-verify-jwt` the gateway takes the secret for a login of its own, and refuses it.
 */
import { createEdgeHandler } from 'evervec/edge';

const handler = createEdgeHandler({
  config: {
    database: Deno.env.get('SUPABASE_DB_URL'),
    sources: { articles: { table: 'articles', text: ['title', 'body'] } },
  },
  cronSecret: Deno.env.get('CRON_SECRET'),
});

Deno.serve(handler);
