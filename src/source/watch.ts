/**
 * Lets a source's table tell of each statement that may have changed what a search shows of it, for answers that are kept
 * (`search/generation.ts`). Apart from capture, which tells of changed texts alone: a filter or a hit may show any column.
 */
import { type Connection, quoteIdentifier, quoteQualified } from '../database/index.ts';
import type { Table } from './table.ts';

const WATCHED = `
select namespace.nspname as schema, class.relname as name, trigger.tgenabled = 'A' as is_on
from pg_trigger trigger join pg_class class on class.oid = trigger.tgrelid
join pg_namespace namespace on namespace.oid = class.relnamespace
where trigger.tgname = $1 and trigger.tgfoid = 'evervec.touch'::regproc
  and not (class.relname ~ '^chunks_[0-9]+$' and namespace.oid =
    (select relnamespace from pg_class where oid = 'evervec.touches'::regclass))`;

/**
 * Puts the triggers on a table and its partitions where they are missing, and takes them off whatever else had them.
 * Where nothing is to be done, no table is locked.
 * @param table null takes them off everywhere
 * @throws PermissionError where this role does not own the table
 */
export async function watchTable(
  tx: Connection,
  logId: number,
  table: Pick<Table, 'relations' | 'hasTriggers'> | null,
): Promise<void> {
  const trigger = `evervec_touch_${logId}`;
  const { rows } = await tx.query<{ schema: string; name: string; is_on: boolean }>(WATCHED, [
    trigger,
  ]);
  const wanted = table?.hasTriggers ? table.relations : [];
  const isOf = (schema: string, name: string) => (one: readonly [string, string]) =>
    one[0] === schema && one[1] === name;
  for (const { schema, name } of rows)
    if (!wanted.some(isOf(schema, name)))
      await tx.query(`drop trigger ${quoteIdentifier(trigger)} on ${quoteQualified(schema, name)}`);
  for (const [schema, name] of wanted)
    if (!rows.some((row) => row.is_on && row.schema === schema && row.name === name))
      await tx.query('select evervec.watch($1::text::regclass, $2)', [
        quoteQualified(schema, name),
        logId,
      ]);
}
