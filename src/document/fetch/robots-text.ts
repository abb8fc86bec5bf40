/**
 * Cuts a robots.txt down to what concerns one program, before it is parsed: the parser copies each rule for each name of
 * its group, so that half a megabyte of names and rules would fill the memory. Pure.
 */

/**
 * @param product what the program is called, as in its User-Agent before the `/`
 * @returns the groups of that name and of `*`, one line of each name
 */
export function groupsFor(text: string, product: string): string {
  const kept: string[] = [];
  const named = new Set<string>();
  let isNaming = false;
  for (const [line, key, value] of directives(text)) {
    if (key !== 'user-agent') {
      isNaming = false;
      if (named.size > 0 && RULES.has(key)) kept.push(line);
      continue;
    }
    if (!isNaming) named.clear();
    isNaming = true;
    const name = productOf(value);
    if ((name !== '*' && name !== productOf(product)) || named.has(name)) continue;
    named.add(name);
    kept.push(`User-agent: ${name}`);
  }
  return kept.join('\n');
}

const RULES: ReadonlySet<string> = new Set(['allow', 'disallow', 'crawl-delay']);

/** `Evervec/1.0` is `evervec`. */
export function productOf(userAgent: string): string {
  return (userAgent.split('/')[0] ?? '').trim().toLowerCase();
}

/** What matching costs: a wildcard's length times that of the URL. */
export function wildcardCharacters(text: string): number {
  let characters = 0;
  for (const [line] of text.matchAll(/^.*\*.*$/gm))
    if (line !== 'User-agent: *') characters += line.length;
  return characters;
}

function* directives(text: string): Generator<[line: string, key: string, value: string]> {
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const line = (raw.split('#', 1)[0] ?? '').trim();
    const colon = line.indexOf(':');
    const key = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (key !== '') yield [line, key, line.slice(colon + 1).trim()];
  }
}
