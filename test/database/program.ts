/** A process that uses a folder, for tests that need a second one or one to kill. Says what it does. */
import { openEmbedded } from '../../src/database/index.ts';
import { DatabaseUnreachableError, EvervecError } from '../../src/errors/index.ts';

const [command = '', folder = ''] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Opens and waits to be killed or for the end of its input. */
async function hold(): Promise<void> {
  const database = await openEmbedded({ folder });
  say('open');
  for await (const _ of process.stdin);
  await database.close();
  say('closed');
}

/** Ends without closing. */
async function exit(): Promise<void> {
  await openEmbedded({ folder });
  say('open');
  process.exit(0);
}

/** Writes numbers and says each when it is acknowledged, until killed. */
async function write(): Promise<void> {
  const database = await openEmbedded({ folder });
  await database.query('create table if not exists written (n integer primary key)');
  const { rows } = await database.query<{ n: number }>(
    'select coalesce(max(n), 0)::integer as n from written',
  );
  for (let n = (rows[0]?.n ?? 0) + 1; ; n += 1) {
    await database.query('insert into written values ($1)', [n]);
    say(`wrote ${n}`);
  }
}

/** One line for the statement's row, or for its error, per line of input. */
async function query(): Promise<void> {
  const database = await openEmbedded({ folder });
  say('open');
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) say(await answer(database.query(line)));
  }
  await database.close();
}

async function answer(result: Promise<{ rows: unknown[] }>): Promise<string> {
  try {
    return `row ${JSON.stringify((await result).rows[0])}`;
  } catch (error) {
    return `error ${EvervecError.isInstance(error) ? error.code : String(error)}`;
  }
}

/** Opens, writes its pid, closes; again when the owner went away meanwhile, since another one came. */
async function visit(): Promise<void> {
  for (let attempt = 1; attempt <= 50; attempt += 1) {
    try {
      const database = await openEmbedded({ folder });
      try {
        await database.query(
          `create table if not exists visits (pid integer primary key, at timestamptz default now());
           insert into visits (pid) values (${process.pid}) on conflict do nothing`,
        );
      } finally {
        await database.close();
      }
      say(`visited ${attempt}`);
      return;
    } catch (error) {
      if (!(error instanceof DatabaseUnreachableError)) throw error;
    }
  }
  throw new Error('no visit in 50 attempts');
}

const commands: Record<string, () => Promise<void>> = { hold, exit, write, query, visit };
await commands[command]?.();
