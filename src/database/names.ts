/**
 * Rewrites the schema names that statements are written with (`evervec.`, `vector.`) to those of the
 * database at hand. See `Database` for the rules that authors of statements follow.
 *
 * Rewritten: code; a literal that as a whole is a qualified name (`nextval('evervec.claim_seq')`); and what
 * is between dollar quotes, since that is the body of a function, with its literals, since those are
 * dynamic SQL there. Left alone: other literals, quoted names, comments, and names that only end alike
 * (`my_evervec.x`, `other.vector.x`).
 */
import { ConfigError } from '../errors/index.ts';
import { quoteIdentifier } from './identifier.ts';
import { splitSql } from './sql-text.ts';

/** Statements are constants, filters aside; this many texts are remembered before starting over. */
const MAX_REMEMBERED = 5_000;
const WHOLE_NAME = /^'(?:evervec|vector)\.[a-z_][\w$]*(?:\[\])?(?:\([^']*\))?'$/;
const SCHEMA_NAME = /(?<![\w$.\u0080-\uffff])(evervec|vector)\.(?=\S|$)/g;
const DOLLAR_QUOTED = /^(\$[^$]*\$)([\s\S]*)(\$[^$]*\$)$/;

/**
 * Would end a literal, a format string or a dollar quote that the name is put into.
 */
const UNFIT = /['"%$\\\p{Cc}]/u;

/**
 * A name for Evervec's schema that can stand wherever `evervec.` does.
 * @throws ConfigError
 */
export function checkSchemaName(schema: string): string {
  quoteIdentifier(schema);
  if (!UNFIT.test(schema)) return schema;
  throw new ConfigError(`"${schema}" can't be the name of Evervec's schema.`, {
    remedy: 'Use letters, digits, spaces and underscores.',
    isUsage: true,
  });
}

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
    const rewritten = rewriteParts(sql, replacements, false);
    remembered.set(sql, rewritten);
    return rewritten;
  };
}

function rewriteParts(sql: string, replacements: Record<string, string>, isBody: boolean): string {
  let rewritten = '';
  for (const { kind, text } of splitSql(sql)) {
    if (kind === 'dollar') rewritten += rewriteBody(text, replacements);
    else if (kind === 'code' || (kind === 'literal' && (isBody || WHOLE_NAME.test(text))))
      rewritten += replaceNames(text, replacements);
    else rewritten += text;
  }
  return rewritten;
}

function rewriteBody(text: string, replacements: Record<string, string>): string {
  const [, opening, body, end] = DOLLAR_QUOTED.exec(text) ?? [];
  if (opening === undefined || body === undefined || end === undefined) return text;
  return opening + rewriteParts(body, replacements, true) + end;
}

function replaceNames(code: string, replacements: Record<string, string>): string {
  return code.replaceAll(SCHEMA_NAME, (_, name: string) => `${replacements[name] ?? name}.`);
}
