import { describe, expect, test } from 'vitest';

import { debianSource, parseAptSources } from './apt-sources.ts';

describe('parseAptSources', () => {
  test('reads one-line sources with their options, without comments and source packages', () => {
    const text = [
      '# deb http://old.example/debian bookworm main',
      'deb [arch=amd64 signed-by=/keys/debian.gpg] http://mirror.example/debian bookworm main contrib # ours',
      'deb-src http://mirror.example/debian bookworm main',
      'deb http://flat.example/packages ./',
    ].join('\n');
    expect(parseAptSources('a.list', text)).toEqual([
      {
        uri: 'http://mirror.example/debian',
        suites: ['bookworm'],
        components: ['main', 'contrib'],
        signedBy: '/keys/debian.gpg',
      },
      { uri: 'http://flat.example/packages', suites: ['./'], components: [] },
    ]);
  });

  test('reads stanzas: several suites and addresses, lines carried on, comments in between', () => {
    const text = `Types: deb
# the snapshot this came from
URIs: http://one.example/debian http://two.example/debian/
Suites: bookworm
  bookworm-updates
Components: main
Signed-By: /keys/debian.gpg

types: deb-src
uris: http://three.example/debian
suites: bookworm
components: main
`;
    const shared = {
      suites: ['bookworm', 'bookworm-updates'],
      components: ['main'],
      signedBy: '/keys/debian.gpg',
    };
    expect(parseAptSources('debian.sources', text)).toEqual([
      { uri: 'http://one.example/debian', ...shared },
      { uri: 'http://two.example/debian/', ...shared },
    ]);
  });

  test('leaves out a stanza that is off, and a key that is no path', () => {
    const off =
      'Enabled: no\nTypes: deb\nURIs: http://off.example\nSuites: bookworm\nComponents: main';
    const inline = `Types: deb
URIs: http://inline.example/debian
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----`;
    expect(parseAptSources('a.sources', `${off}\n\n${inline}\n`)).toEqual([
      { uri: 'http://inline.example/debian', suites: ['bookworm'], components: ['main'] },
    ]);
  });

  test('ignores files that apt ignores', () => {
    expect(parseAptSources('a.list.disabled', 'deb http://x.example/debian bookworm main')).toEqual(
      [],
    );
  });
});

describe('debianSource', () => {
  const source = (uri: string, suite: string, component = 'main') => ({
    uri,
    suites: [suite],
    components: [component],
  });

  test("takes Debian's own archive before a vendor's with the same suite and component", () => {
    const debian = source('http://mirror.example/debian', 'bookworm');
    const sources = [source('http://vendor.example', 'bookworm'), debian];
    expect(debianSource(sources, 'bookworm')).toBe(debian);
  });

  test('never takes another suite or component', () => {
    const sources = [
      source('http://mirror.example/debian-security', 'bookworm-security'),
      source('http://vendor.example/linux/debian', 'bookworm', 'stable'),
      source('http://mirror.example/debian', 'trixie'),
    ];
    expect(debianSource(sources, 'bookworm')).toBeUndefined();
  });
});
