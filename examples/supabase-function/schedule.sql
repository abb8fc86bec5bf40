-- Calls the function every minute, from inside the database. Run once, with your own secret and project.
-- The schedule holds no secret: it reads it from the vault each time. Undo: select cron.unschedule('evervec');
create extension if not exists pg_cron;
create extension if not exists pg_net;

select vault.create_secret('the CRON_SECRET of the function', 'evervec_cron_secret');

select cron.schedule('evervec', '* * * * *', $$
  select net.http_post(
    url := 'https://PROJECT.supabase.co/functions/v1/evervec?seconds=50',
    headers := jsonb_build_object(
      'Content-Type', 'application/json',
      'Authorization', 'Bearer ' || (
        select decrypted_secret from vault.decrypted_secrets where name = 'evervec_cron_secret'
      )
    ),
    timeout_milliseconds := 58000
  )
$$);
