import { describe, expect, test } from 'vitest';
import { contentType, fileName, maxAgeMs, retryAfterMs, validator } from './headers.ts';

const NOW = Date.UTC(2030, 0, 1);

test.each([
  ['text/html', { mediaType: 'text/html' }],
  ['Text/HTML;charset="ISO-8859-1"', { mediaType: 'text/html', charset: 'iso-8859-1' }],
  ['application/pdf; x=y', { mediaType: 'application/pdf' }],
  ['nonsense', { mediaType: null }],
  ['', { mediaType: null }],
  [null, { mediaType: null }],
])('content type %j', (value, expected) => {
  expect(contentType(value)).toEqual(expected);
});

test.each([
  ['120', 120_000],
  [' 0 ', 0],
  ['99999999999', 86_400_000],
  ['-5', 0],
  [new Date(NOW + 5_000).toUTCString(), 5_000],
  [new Date(NOW - 5_000).toUTCString(), 0],
  ['soon', null],
  ['', null],
  [null, null],
])('retry-after %j is %j ms', (value, expected) => {
  expect(retryAfterMs(value, NOW)).toBe(expected);
});

test.each([
  ['max-age=60', 60_000],
  ['public, Max-Age = "7"', 7_000],
  ['no-store, max-age=60', 0],
  ['private', null],
  [null, null],
])('cache-control %j is kept for %j ms', (value, expected) => {
  expect(maxAgeMs(value)).toBe(expected);
});

test.each([
  ['"1"', '"1"'],
  ['W/"1"', 'W/"1"'],
  ['bare', 'bare'],
  ['', null],
  ['a\nb', null],
  ['x'.repeat(2_000), null],
  [null, null],
])('validator %j', (value, expected) => {
  expect(validator(value)).toBe(expected);
});

describe('the name of a file', () => {
  test.each([
    ['attachment; filename="a b.pdf"', 'a b.pdf'],
    ['attachment; filename=a.pdf; size=3', 'a.pdf'],
    [String.raw`attachment; filename="a\"b.pdf"`, 'a"b.pdf'],
    [`attachment; filename="x.pdf"; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf`, 'résumé.pdf'],
    [`attachment; filename*=iso-8859-1'de'%FCber.pdf`, 'über.pdf'],
    [Buffer.from('inline; filename="résumé.pdf"').toString('latin1'), 'résumé.pdf'],
    ['inline; filename="r\u00E9sum\u00E9.pdf"', 'résumé.pdf'],
    ['attachment; filename="../../etc/passwd"', 'passwd'],
    [String.raw`attachment; filename=C:\\temp\\a.pdf`, 'a.pdf'],
    ['attachment; filename=".."', 'path.html'],
    [Buffer.from('attachment; filename="a\u0007\u202Eb.pdf"').toString('latin1'), 'ab.pdf'],
    [`attachment; filename*=UTF-8''%FF%FF`, 'path.html'],
    [`attachment; filename*=no-such-charset''a`, 'path.html'],
    ['attachment', 'path.html'],
    [null, 'path.html'],
  ])('%j', (disposition, name) => {
    expect(fileName(disposition, new URL('https://a.test/some/path.html?x=y.pdf'))).toBe(name);
  });

  test.each([
    ['https://a.test/', null],
    ['https://a.test', null],
    ['https://a.test/a/', null],
    ['https://a.test/a%20b.md', 'a b.md'],
    ['https://a.test/a%2F..%2Fb.md', 'b.md'],
    ['https://a.test/%ff', null],
    ['https://a.test/%D0%B0.txt', 'а.txt'],
  ])('by %s', (url, name) => {
    expect(fileName(null, new URL(url))).toBe(name);
  });

  test('is cut, and keeps its ending', () => {
    const name = fileName(`attachment; filename="${'x'.repeat(500)}.pdf"`, new URL('http://a'));
    expect(name).toHaveLength(200);
    expect(name).toMatch(/x\.pdf$/);
  });
});
