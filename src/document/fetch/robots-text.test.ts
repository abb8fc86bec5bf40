import { expect, test } from 'vitest';
import { groupsFor, wildcardCharacters } from './robots-text.ts';

test.each([
  ['', ''],
  ['User-agent: *\nDisallow: /', 'User-agent: *\nDisallow: /'],
  [
    '\uFEFFuser-AGENT : Evervec/2.0 # us\r\nDISALLOW : /a # b',
    'User-agent: evervec\nDISALLOW : /a',
  ],
  ['User-agent: other\nDisallow: /', ''],
  ['Disallow: /', ''],
  ['User-agent: a\nUser-agent: *\nUser-agent: *\nDisallow: /x', 'User-agent: *\nDisallow: /x'],
  [
    'User-agent: *\n\n# note\nUser-agent: evervec\nAllow: /',
    'User-agent: *\nUser-agent: evervec\nAllow: /',
  ],
  ['User-agent: *\nDisallow: /a\nUser-agent: b\nDisallow: /c', 'User-agent: *\nDisallow: /a'],
  ['User-agent: *\nSitemap: https://a\nUser-agent: b\nDisallow: /c', 'User-agent: *'],
  ['User-agent: *\nCrawl-delay: 3\rHost: a\nnonsense', 'User-agent: *\nCrawl-delay: 3'],
])('%j', (text, kept) => {
  expect(groupsFor(text, 'evervec/1.0')).toBe(kept);
});

test('the wildcards of rules are counted, not that of the group', () => {
  expect(wildcardCharacters('User-agent: *\nDisallow: /abc\nAllow: /*')).toBe('Allow: /*'.length);
});
