/**
 * A circuit breaker per provider, shared by all workers through the database: when a provider fails, nobody calls it
 * for a while; then one worker probes, and its answer decides for all. Time is the database's.
 */
import type { Connection } from '../database/index.ts';
import type { ProviderError } from '../errors/index.ts';

/** First wait after a failure, ms; doubled with each in a row. */
const BASE_MS = 1_000;
const CAP_MS = 2 * 60_000;
/** A refusal (wrong key, no quota) does not mend itself in seconds. */
const REFUSAL_MS = 60_000;
/** A probe without an outcome for this long is given up: its worker died. */
const PROBE_MS = 60_000;

/*
 * The probe is won by a conditional update: of many that ask at once, one sees its row returned.
 */
const PROBE = `
update evervec.providers set state = 'half_open', probe_until = now() + $2 * interval '1 millisecond'
where name = $1 and (
  (state = 'open' and open_until <= now()) or (state = 'half_open' and probe_until <= now())
) returning name`;

const WAIT = `
select state, greatest(0, extract(epoch from
  case state when 'open' then open_until when 'half_open' then least(probe_until, now() + interval '1 second') end - now()
) * 1000)::float8 as wait_ms
from evervec.providers where name = $1`;

export interface Admission {
  /** 0: call now. Else ms until it is worth asking again. */
  waitMs: number;
  /** This call decides for all: tell its outcome with `trip` or `close`. */
  isProbe: boolean;
}

/** Asks whether `provider` may be called now; an open breaker whose time is over is probed by one of those who ask. */
export async function admit(connection: Connection, provider: string): Promise<Admission> {
  const { rows } = await connection.query<{ state: string; wait_ms: number }>(WAIT, [provider]);
  const [found] = rows;
  if (found === undefined || found.state === 'closed') return { waitMs: 0, isProbe: false };
  const won = await connection.query(PROBE, [provider, PROBE_MS]);
  // Lost: the winner's answer decides, look again soon.
  return won.rowCount === 1
    ? { waitMs: 0, isProbe: true }
    : { waitMs: Math.max(found.wait_ms, 100), isProbe: false };
}

const OPEN = `
insert into evervec.providers as provider (name, state, open_until, failures, last_error)
values ($1, 'open', now() + $2 * interval '1 millisecond', 1, $5)
on conflict (name) do update set
  state = 'open', probe_until = null, last_error = excluded.last_error,
  -- Calls that were under way together fail together: that is one failure, not many.
  failures = case when provider.state = 'open' then provider.failures else provider.failures + 1 end,
  open_until = greatest(
    case when provider.state = 'open' then provider.open_until end,
    now() + greatest($2::float8, least($4::float8, $3::float8 * 2 ^ least(provider.failures, 20))
      * (0.5 + random() / 2)) * interval '1 millisecond')
returning extract(epoch from open_until - now())::float8 * 1000 as wait_ms`;

/**
 * Notes that the provider failed, and opens the breaker.
 * @returns ms until it may be tried again
 */
export async function trip(
  connection: Connection,
  provider: string,
  fault: ProviderError,
): Promise<number> {
  const asked = fault.retryAfterMs ?? (fault.isRefusal ? REFUSAL_MS : BASE_MS);
  const { rows } = await connection.query<{ wait_ms: number }>(OPEN, [
    provider,
    asked,
    BASE_MS,
    CAP_MS,
    fault.code,
  ]);
  return rows[0]?.wait_ms ?? asked;
}

const CLOSE = `
update evervec.providers set state = 'closed', open_until = null, probe_until = null, failures = 0, last_error = null
where name = $1`;

/** Notes that the provider answered a probe: everybody may call again. */
export async function close(connection: Connection, provider: string): Promise<void> {
  await connection.query(CLOSE, [provider]);
}

const GIVE_UP = `
update evervec.providers set state = 'open', open_until = now(), probe_until = null
where name = $1 and state = 'half_open'`;

/** Ends a probe that came to nothing: the next one who asks probes again. */
export async function giveUpProbe(connection: Connection, provider: string): Promise<void> {
  await connection.query(GIVE_UP, [provider]);
}

const RESERVE = `
insert into evervec.providers as provider (name, requests, tokens) values ($1, $2, $3)
on conflict (name) do update set
  minute = date_trunc('minute', now()),
  requests = case when provider.minute = date_trunc('minute', now()) then provider.requests else 0 end + $2,
  tokens = case when provider.minute = date_trunc('minute', now()) then provider.tokens else 0 end + $3
where provider.minute < date_trunc('minute', now())
  or ((provider.requests + $2 <= coalesce($4, provider.requests + $2))
    and (provider.tokens + $3 <= coalesce($5, provider.tokens + $3)))
returning name`;

const REST_OF_MINUTE = `
select extract(epoch from date_trunc('minute', now()) + interval '1 minute' - now())::float8 * 1000 as wait_ms`;

/** What a provider allows all workers together, per minute; null is unlimited. */
export interface Quota {
  requests: number | null;
  tokens: number | null;
}

/**
 * Takes from the minute's quota before a call. A single call larger than the whole quota is let through at the start of
 * a minute, since it could never be otherwise.
 * @returns 0 when it was taken, else ms until the next minute
 */
export async function reserve(
  connection: Connection,
  provider: string,
  quota: Quota,
  requests: number,
  tokens: number,
): Promise<number> {
  const taken = await connection.query(RESERVE, [
    provider,
    requests,
    tokens,
    quota.requests,
    quota.tokens,
  ]);
  if (taken.rowCount === 1) return 0;
  const { rows } = await connection.query<{ wait_ms: number }>(REST_OF_MINUTE);
  return rows[0]?.wait_ms ?? 60_000;
}
