import { expect, test } from 'vitest';
import { readFileName, titleOfName } from './file-name.ts';

test.each([
  ['2024-01-15_Smith_Title.pdf', { published: '2024-01-15', author: 'Smith', title: 'Title' }],
  [
    'research/20240115_Jane Roe_On-Tides_and-Moons.docx',
    { published: '2024-01-15', author: 'Jane Roe', title: 'On Tides and Moons' },
  ],
  ['2024-01-15 Well-known facts.md', { published: '2024-01-15', title: 'Well-known facts' }],
  ['2024-02-29_A.md', { published: '2024-02-29', title: 'A' }],
  // No dates, though they look like it.
  ['2023-02-29_Smith_Title.pdf', {}],
  ['2024-13-01_Smith_Title.pdf', {}],
  ['123456789_Smith.pdf', {}],
  // Nobody knows which part is what.
  ['Smith_Title.pdf', {}],
  ['README.md', {}],
  ['2024-01-15.md', {}],
])('%s tells %o', (name, told) => {
  expect(readFileName(name)).toEqual(told);
});

test.each([
  ['guides/on-tides_part-2.md', 'on tides part 2'],
  ['a.b.c.txt', 'a.b.c'],
  ['.env', '.env'],
  ['well-known facts.md', 'well-known facts'],
  ['___.md', '___'],
  ['windows\\path\\file.md', 'file'],
])('%s is called %s', (name, title) => {
  expect(titleOfName(name)).toBe(title);
});
