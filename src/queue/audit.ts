/**
 * Who did what to the queue. An entry is written in the transaction of the action it tells of: both are there or
 * neither is. Holds ids, names and counts; no secret and no text of a record (I11).
 */
import type { Connection } from '../database/index.ts';

export interface AuditEntry {
  at: string;
  /** As the surface knows it: a user of the machine, a token's name, a worker. */
  actor: string;
  /** The command's name: `pause`, `retry`. */
  action: string;
  /** What it was done to: `queue`, `lane offers`, `source offers`. */
  target: string;
  detail: Record<string, unknown>;
}

const RECORD = `
insert into evervec.audit_log (actor, action, target, detail) values ($1, $2, $3, $4) returning id`;

/** @returns the entry's id, for `amendAudit` */
export async function recordAudit(tx: Connection, entry: Omit<AuditEntry, 'at'>): Promise<string> {
  const { actor, action, target, detail } = entry;
  const { rows } = await tx.query<{ id: string }>(RECORD, [actor, action, target, detail]);
  return rows[0]?.id ?? '';
}

/** For work in several transactions: in each, makes the entry say what is done so far. */
export async function amendAudit(
  tx: Connection,
  id: string,
  detail: Record<string, unknown>,
): Promise<void> {
  await tx.query('update evervec.audit_log set detail = detail || $2 where id = $1', [id, detail]);
}

const LIST = `
select at, actor, action, target, detail from evervec.audit_log
where ($1::text is null or action = $1) order by at desc, id desc limit $2`;

/** The latest first. */
export async function listAudit(
  connection: Connection,
  options: { action?: string | undefined; limit: number },
): Promise<AuditEntry[]> {
  const { rows } = await connection.query<Omit<AuditEntry, 'at'> & { at: Date }>(LIST, [
    options.action ?? null,
    options.limit,
  ]);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
