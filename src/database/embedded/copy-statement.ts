/**
 * Finds `copy … from stdin`, which the embedded server must never meet without its data: it has no socket
 * to wait on, reads an empty input instead, and exits.
 */
import { splitSql } from '../sql-text.ts';

/**
 * `alone`: the text is this one statement; `among`: such a statement may be among others;
 * `none`: certainly none.
 */
export type CopyKind = 'none' | 'alone' | 'among';

export interface CopyStatement {
  kind: CopyKind;
  isBinary: boolean;
}

const NONE: CopyStatement = { kind: 'none', isBinary: false };

/** Postgres takes either word for either direction. */
const MAYBE = /\bcopy\b[\s\S]*\bfrom\b[\s\S]*\b(?:stdin|stdout)\b/i;

export function findCopyFromStdin(sql: string): CopyStatement {
  if (!MAYBE.test(sql)) return NONE;
  // Names and literals become one neutral word each, so that what they hold is not taken for syntax.
  const code = splitSql(sql)
    .map(({ kind, text }) => (kind === 'code' ? text : kind === 'comment' ? ' ' : ' quoted '))
    .join('')
    .toLowerCase();
  const statements = code.split(';').map((statement) => statement.trim());
  const written = statements.filter((statement) => statement !== '');
  const [first = ''] = written;
  if (!written.some(isCopyFromStdin)) return NONE;
  return { kind: written.length === 1 ? 'alone' : 'among', isBinary: /\bbinary\b/.test(first) };
}

function isCopyFromStdin(statement: string): boolean {
  if (!/^copy\b/.test(statement)) return false;
  // What is in parentheses is a query, a list of columns or options.
  let outside = statement;
  for (let before = ''; before !== outside;) {
    before = outside;
    outside = outside.replaceAll(/\([^()]*\)/g, ' ');
  }
  return /\bfrom\s+(?:stdin|stdout)\b/.test(outside);
}
