/**
 * Tells the parts of a statement apart: code, quoted names, literals, comments, dollar-quoted text.
 * It knows Postgres' lexical rules (`standard_conforming_strings` on) and nothing of its grammar.
 */

export interface Part {
  kind: 'code' | 'literal' | 'identifier' | 'comment' | 'dollar';
  /** With its quotes or delimiters. Parts joined are the statement again. */
  text: string;
}

/** What may start something that is not plain code. */
const OPENING = /--|\/\*|[eE]?'|"|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/g;
const NAME_CHARACTER = /[\w$\u0080-\uffff]/;

/** Splits a statement into its parts; an unclosed quote or comment reaches to the end. */
export function splitSql(sql: string): Part[] {
  const parts: Part[] = [];
  let codeStart = 0;
  let from = 0;
  for (;;) {
    OPENING.lastIndex = from;
    const match = OPENING.exec(sql);
    if (match === null) break;
    const opening = match[0];
    let start = match.index;
    const isInsideName = start > 0 && NAME_CHARACTER.test(sql[start - 1] ?? '');
    if (opening.startsWith('$') && isInsideName) {
      // `a$b$` is one name; try again behind its first dollar.
      from = start + 1;
      continue;
    }
    // `type'x'` ends a name with an e: the quote then opens a plain literal.
    const isEscape = opening.length === 2 && opening.endsWith("'") && !isInsideName;
    if (opening.length === 2 && opening.endsWith("'") && isInsideName) start += 1;
    const { kind, end } = closing(sql, start, isEscape ? 'escape' : opening);
    if (start > codeStart) parts.push({ kind: 'code', text: sql.slice(codeStart, start) });
    parts.push({ kind, text: sql.slice(start, end) });
    codeStart = from = end;
  }
  if (codeStart < sql.length) parts.push({ kind: 'code', text: sql.slice(codeStart) });
  return parts;
}

function closing(sql: string, start: number, opening: string): { kind: Part['kind']; end: number } {
  if (opening === '--') return { kind: 'comment', end: after(sql, '\n', start) };
  if (opening === '/*') return { kind: 'comment', end: endOfBlockComment(sql, start) };
  if (opening === 'escape') return { kind: 'literal', end: endOfEscapeLiteral(sql, start + 2) };
  if (opening === '"') return { kind: 'identifier', end: endOfQuoted(sql, '"', start + 1) };
  if (opening.endsWith("'")) return { kind: 'literal', end: endOfQuoted(sql, "'", start + 1) };
  return { kind: 'dollar', end: after(sql, opening, start + opening.length) };
}

function after(sql: string, delimiter: string, from: number): number {
  const at = sql.indexOf(delimiter, from);
  return at < 0 ? sql.length : at + delimiter.length;
}

function endOfQuoted(sql: string, quote: string, from: number): number {
  let at = sql.indexOf(quote, from);
  while (at >= 0 && sql[at + 1] === quote) at = sql.indexOf(quote, at + 2);
  return at < 0 ? sql.length : at + 1;
}

function endOfEscapeLiteral(sql: string, from: number): number {
  for (let at = from; at < sql.length; at += 1) {
    if (sql[at] === '\\') at += 1;
    else if (sql[at] === "'" && sql[at + 1] === "'") at += 1;
    else if (sql[at] === "'") return at + 1;
  }
  return sql.length;
}

/** Block comments nest in Postgres. */
function endOfBlockComment(sql: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 0;
  for (let match = edge.exec(sql); match !== null; match = edge.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return sql.length;
}
