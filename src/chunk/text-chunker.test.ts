import { describe, expect, it } from 'vitest';
import type { Chunk } from './chunker.ts';
import { createTextChunker, type TextChunkerOptions } from './text-chunker.ts';

function chunk(text: string, options: TextChunkerOptions = {}): Chunk[] {
  return createTextChunker(options).chunk(text);
}

function textsOf(text: string, options: TextChunkerOptions = {}): string[] {
  return chunk(text, options).map((each) => each.text);
}

describe('cuts', () => {
  const x = (count: number) => 'x'.repeat(count);

  it.each([
    ['a heading', `${x(12)}\n# Title\n\n${x(5)} ${x(9)}`, [x(12), `# Title\n\n${x(5)} ${x(9)}`]],
    [
      'a paragraph',
      `${x(12)}\n\n${x(4)}\n${x(4)}. A ${x(9)}`,
      [x(12), `${x(4)}\n${x(4)}. A ${x(9)}`],
    ],
    [
      'a blank line with blanks',
      `${x(12)}\r\n \t\r\n${x(4)}\n${x(14)}`,
      [x(12), `${x(4)}\n${x(14)}`],
    ],
    ['a line', `${x(11)}\n${x(4)}. A ${x(14)}`, [x(11), `${x(4)}. A ${x(14)}`]],
    ['a sentence', `${x(11)}." A bc ${x(14)}`, [`${x(11)}."`, `A bc ${x(14)}`]],
    [
      'a sentence without blanks',
      `${'中'.repeat(12)}。${'文'.repeat(20)}`,
      [`${'中'.repeat(12)}。`, '文'.repeat(20)],
    ],
    ['a word', `${x(11)} e.g. bc ${x(20)}`, [`${x(11)} e.g. bc`, x(20)]],
    [
      'a clause without blanks',
      `${'中'.repeat(12)}，${'文'.repeat(20)}`,
      [`${'中'.repeat(12)}，`, '文'.repeat(20)],
    ],
    ['the limit', x(30), [x(24), x(6)]],
  ])('at %s where the later part of the window has one', (_, text, expected) => {
    expect(textsOf(text, { maxChars: 24 })).toEqual(expected);
  });

  it('at the last of equal places, as the first version did', () => {
    const text = 'aaaa\n\nbbbb\n\ncccc\n\ndddd\n\neeee';
    expect(textsOf(text, { maxChars: 16, version: 1 })).toEqual([
      'aaaa\n\nbbbb\n\ncccc',
      'dddd\n\neeee',
    ]);
    expect(createTextChunker({ version: 1 }).id).toBe('text@1/max1600/overlap0');
  });

  it.each([90, 200, 300, 500, 780])(
    'so that an edit changes few chunks, with paragraphs of %i units',
    (length) => {
      const paragraphs = Array.from({ length: Math.ceil(120_000 / length) }, (_, n) =>
        `Paragraph ${n} begins here. ${`It has words about subject ${(n * 7919) % 1000} in it. `.repeat(30)}`
          .slice(0, length)
          .trim(),
      );
      const before = new Set(textsOf(paragraphs.join('\n\n')));
      const changes = paragraphs.map((paragraph, at) => {
        const edited = paragraphs.with(at, `${paragraph} And a sentence more.`);
        return textsOf(edited.join('\n\n')).filter((text) => !before.has(text)).length;
      });
      const few = changes.filter((count) => count <= 2).length;
      expect(few / changes.length).toBeGreaterThan(0.8);
      expect(Math.max(...changes)).toBeLessThanOrEqual(8);
    },
  );

  it('no emoji from its parts, no letter from its accents, no CR from its LF', () => {
    const family = '👩‍👩‍👧‍👦';
    expect(textsOf(family.repeat(3), { maxChars: 30 })).toEqual([family + family, family]);
    expect(textsOf('👍🏽'.repeat(5), { maxChars: 18 })).toEqual(['👍🏽'.repeat(4), '👍🏽']);
    expect(textsOf('e\u0301'.repeat(10), { maxChars: 17 })).toEqual([
      'e\u0301'.repeat(8),
      'e\u0301'.repeat(2),
    ]);
  });

  it('repeat whole words of the chunk before', () => {
    expect(textsOf('aaa bbb ccc ddd eee fff', { maxChars: 16, overlapChars: 5 })).toEqual([
      'aaa bbb ccc ddd',
      'ddd eee fff',
    ]);
  });
});

describe("a model's limit", () => {
  it('cuts dense text where it is reached, at a sentence, a word or between characters', () => {
    const chinese = `${'中'.repeat(6)}。${'文'.repeat(20)}`;
    expect(textsOf(chinese, { maxChars: 100, maxTokens: 16 })).toEqual([
      `${'中'.repeat(6)}。`,
      '文'.repeat(8),
      '文'.repeat(8),
      '文'.repeat(4),
    ]);
    expect(textsOf('😀'.repeat(9), { maxChars: 100, maxTokens: 16 })).toEqual([
      '😀'.repeat(4),
      '😀'.repeat(4),
      '😀',
    ]);
    const words = 'one two three. Four five six seven 1 2 3 4 5 6 7 8';
    expect(textsOf(words, { maxChars: 100, maxTokens: 16 })).toEqual([
      'one two three. Four five six seven 1 2 3 4 5 6',
      '7 8',
    ]);
  });

  it('leaves a text that stays within it alone, however long it is allowed to be', () => {
    const text = 'A sentence of English. '.repeat(20).trim();
    const cut = textsOf(text, { maxTokens: 510 });
    expect(cut).toEqual(textsOf(text));
  });
});

it('a chunk that repeats goes beyond the one before, however long the next word', () => {
  const text = `aaaa aaaaaaa ${'y'.repeat(24)}`;
  expect(textsOf(text, { maxChars: 16, overlapChars: 8 })).toEqual([
    'aaaa aaaaaaa',
    'aaaaaaa yyyyyyyy',
    'y'.repeat(16),
    'y'.repeat(16),
  ]);
});

describe('sections', () => {
  it('are the path of the headings that a chunk begins in or under', () => {
    const text = '# A #\nxxxx\n## B\nyyyyyyyyyyyy\n### C#\nzzzzzzzz\n## D\nwwww wwww\n# E\nv v v v';
    const sections = chunk(text, { maxChars: 20 }).map((each) => each.section);
    expect(sections).toEqual(['A', 'A › B', 'A › B › C#', 'A › D', 'E']);
  });

  it('are null above the first heading and without one', () => {
    expect(chunk('plain #1 text')[0]?.section).toBeNull();
    expect(chunk('intro\n# Title')[0]?.section).toBeNull();
  });

  it('are not made of fenced code, of tags or of long lines', () => {
    const text = `#tag\n\`\`\`sh\n# comment\n\`\`\`\n# ${'long '.repeat(60)}\n`;
    for (const each of chunk(text + 'end '.repeat(30), { maxChars: 40 }))
      expect(each.section).toBeNull();
  });
});

describe('createTextChunker', () => {
  it('names its version and parameters in its id', () => {
    expect(createTextChunker().id).toBe('text@2/max1600/overlap0');
    expect(createTextChunker({ maxChars: 800, overlapChars: 100 }).id).toBe(
      'text@2/max800/overlap100',
    );
  });

  it("names a model's limit where it can make another chunk, and only there", () => {
    expect(createTextChunker({ maxTokens: 510 }).id).toBe('text@2/max1600/overlap0/tokens510@1');
    expect(createTextChunker({ maxTokens: 8190 }).id).toBe('text@2/max1600/overlap0');
  });
});
