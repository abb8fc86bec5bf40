/**
 * Reads where a machine gets its Debian packages from: `.list` files (one line each) and `.sources`
 * files (deb822 stanzas). Pure text in, mirrors out; it knows no file and changes none.
 */
export interface AptSource {
  uri: string;
  suites: string[];
  components: string[];
  /** A keyring's path; absent where apt trusts the machine's own keys or the key is inline. */
  signedBy?: string;
}

/** The binary (`deb`) sources of a file; its kind is told by its name, as apt does. */
export function parseAptSources(fileName: string, text: string): AptSource[] {
  if (fileName.endsWith('.sources')) return parseStanzas(text);
  return fileName.endsWith('.list') ? parseLines(text) : [];
}

function parseLines(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)((?:\s+\S+)*)\s*$/.exec(
      line.replace(/#.*$/, ''),
    );
    if (!match) continue;
    const [, options = '', uri = '', suite = '', components = ''] = match;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
    sources.push(source(uri, [suite], words(components), signedBy));
  }
  return sources;
}

function parseStanzas(text: string): AptSource[] {
  // A comment line may stand in the middle of a stanza, so comments go before the stanzas are cut.
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return lines
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((stanza) => parseStanza(stanza));
}

function parseStanza(stanza: string): AptSource[] {
  const fields = new Map<string, string>();
  let current = '';
  for (const line of stanza.split('\n')) {
    const field = /^([A-Za-z][A-Za-z0-9-]*):(.*)$/.exec(line);
    if (field) current = (field[1] ?? '').toLowerCase();
    const value = field ? (field[2] ?? '') : line;
    if (current !== '') fields.set(current, `${fields.get(current) ?? ''} ${value}`.trim());
  }
  const list = (name: string) => words(fields.get(name) ?? '');
  if (!list('types').includes('deb') || /^(no|false|0)$/i.test(fields.get('enabled') ?? ''))
    return [];
  return list('uris').map((uri) =>
    source(uri, list('suites'), list('components'), fields.get('signed-by')),
  );
}

function source(uri: string, suites: string[], components: string[], signedBy?: string): AptSource {
  const isPath = signedBy !== undefined && /^\/\S+$/.test(signedBy);
  return { uri, suites, components, ...(isPath ? { signedBy } : {}) };
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/**
 * The source that carries Debian itself (`codename main`). Vendors' own archives use the same suite
 * and component, so one whose address looks like Debian's comes first.
 */
export function debianSource(
  sources: readonly AptSource[],
  codename: string,
): AptSource | undefined {
  const rank = ({ uri }: AptSource) => {
    if (/\/debian\/?$/.test(uri)) return 0;
    return uri.includes('debian') ? 1 : 2;
  };
  return sources
    .filter(({ suites, components }) => suites.includes(codename) && components.includes('main'))
    .sort((a, b) => rank(a) - rank(b))[0];
}
