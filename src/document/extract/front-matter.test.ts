import { describe, expect, it } from 'vitest';
import { isoDate, readFrontMatter } from './front-matter.ts';

describe('readFrontMatter', () => {
  it('takes the fields of a document, and the others as metadata', () => {
    const text = [
      '---',
      'title: On Tides',
      'author: [Ada Smith, { name: Bo }]',
      'date: 2024-01-15T23:30:00-08:00',
      'tags: sea, moon',
      'tier: premium',
      'order: 3',
      'nested: { a: [1, null] }',
      '---',
      '',
      '# On Tides',
    ].join('\r\n');
    expect(readFrontMatter(text)).toEqual({
      body: '# On Tides',
      title: 'On Tides',
      author: 'Ada Smith, Bo',
      published: '2024-01-15',
      tags: ['sea', 'moon'],
      metadata: { tier: 'premium', order: 3, nested: { a: [1, null] } },
      warnings: [],
    });
  });

  it('leaves alone what is none', () => {
    for (const text of [
      '# No\n\n---\na: 1\n---\n',
      '---\n\nA text.\n\n---\n\nMore.',
      '---\nopen: 1\n',
      '----\n',
    ])
      expect(readFrontMatter(text)).toMatchObject({ body: text, metadata: {}, warnings: [] });
  });

  it('keeps a broken one as text, and warns', () => {
    const text = '---\ntitle: "open\nauthor: [a\n---\nBody';
    expect(readFrontMatter(text)).toMatchObject({ body: text, title: null });
    expect(readFrontMatter(text).warnings).toHaveLength(1);
  });

  it('expands no bomb of aliases', () => {
    const levels = Array.from({ length: 30 }, (_, n) => `l${n + 1}: &l${n + 1} [*l${n}, *l${n}]`);
    const text = `---\nl0: &l0 [lol]\n${levels.join('\n')}\n---\nBody`;
    expect(readFrontMatter(text).warnings).toHaveLength(1);
  });

  it('warns of a date that is none', () => {
    const { published, warnings } = readFrontMatter('---\ndate: someday\n---\nBody');
    expect([published, warnings.length]).toEqual([null, 1]);
  });
});

describe('isoDate', () => {
  it('names the day that is written', () => {
    expect(isoDate('2024-01-15')).toBe('2024-01-15');
    expect(isoDate('20240115')).toBe('2024-01-15');
    expect(isoDate('2024-01-15T00:30:00+09:00')).toBe('2024-01-15');
    expect(isoDate('15 January 2024')).toBe('2024-01-15');
  });

  it('knows what is no date, or two', () => {
    for (const written of ['2024-02-30', '2024-13-01', '1/2/2024', 'soon', '', '2024'])
      expect(isoDate(written)).toBeNull();
  });
});
