/**
 * Rewrites the schema names that statements are written with (`evervec.`, `vector.`) to those of the
 * database at hand. See `Database` for the rules that authors of statements follow.
 *
 * Rewritten: code, also inside dollar quotes (bodies of functions), and a literal that as a whole is a
 * qualified name (`nextval('evervec.claim_seq')`). Left alone: everything else in quotes, comments, and
 * names that only end alike (`my_evervec.x`, `other.vector.x`).
 */
import { quoteIdentifier } from './identifier.ts';
import { splitSql } from './sql-text.ts';

/** Statements are constants, filters aside; this many texts are remembered before starting over. */
const MAX_REMEMBERED = 5_000;
const WHOLE_NAME = /^'(?:evervec|vector)\.[a-z_][\w$]*(?:\[\])?(?:\([^']*\))?'$/;
const SCHEMA_NAME = /(?<![\w$.\u0080-\uffff])(evervec|vector)\.(?=\S)/g;
const DOLLAR_QUOTED = /^(\$[^$]*\$)([\s\S]*)(\$[^$]*\$)$/;

/** Makes the rewriting function for one pair of names; `vectorSchema` null leaves `vector.` as it is. */
export function nameRewriter(schema: string, vectorSchema: string | null): (sql: string) => string {
  const replacements: Record<string, string> = {
    evervec: schema === 'evervec' ? 'evervec' : quoteIdentifier(schema),
    vector: vectorSchema === null ? 'vector' : quoteIdentifier(vectorSchema),
  };
  const remembered = new Map<string, string>();

  return function rewrite(sql: string): string {
    const known = remembered.get(sql);
    if (known !== undefined) return known;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    const rewritten = rewriteParts(sql, replacements);
    remembered.set(sql, rewritten);
    return rewritten;
  };
}

function rewriteParts(sql: string, replacements: Record<string, string>): string {
  let rewritten = '';
  for (const { kind, text } of splitSql(sql)) {
    let part = text;
    if (kind === 'code') part = rewriteCode(text, replacements);
    else if (kind === 'dollar') part = rewriteDollarQuoted(text, replacements);
    else if (kind === 'literal' && WHOLE_NAME.test(text)) part = rewriteLiteral(text, replacements);
    rewritten += part;
  }
  return rewritten;
}

function rewriteCode(code: string, replacements: Record<string, string>): string {
  return code.replaceAll(SCHEMA_NAME, (_, name: string) => `${replacements[name] ?? name}.`);
}

function rewriteDollarQuoted(text: string, replacements: Record<string, string>): string {
  const [, opening, body, end] = DOLLAR_QUOTED.exec(text) ?? [];
  if (opening === undefined || body === undefined || end === undefined) return text;
  return opening + rewriteParts(body, replacements) + end;
}

function rewriteLiteral(text: string, replacements: Record<string, string>): string {
  const name = rewriteCode(text.slice(1, -1), replacements);
  return `'${name.replaceAll("'", "''")}'`;
}
