import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { headingsAtStart, mayBeginWithHeading, outlineOf } from './outline.ts';

it('the headings that a text begins with are those of its outline', () => {
  const part = fc.constantFrom(
    '# ',
    '## ',
    'Sea',
    ' ',
    '\t',
    '\n',
    '\r\n',
    '===',
    '---',
    '- ',
    '> ',
  );
  let found = 0;
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      const { sections, headings } = outlineOf(text);
      const first = sections[0]?.start === 0 ? sections[0].headings : 0;
      expect(headingsAtStart(text)).toEqual(headings.slice(0, first));
      if (first > 0) expect(mayBeginWithHeading(new TextEncoder().encode(text))).toBe(true);
      if (first > 0 && !text.startsWith('#')) found++;
    }),
    { numRuns: 5_000 },
  );
  // Underlined ones were among them.
  expect(found).toBeGreaterThan(0);
});
