import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyMarkdown } from '../../test/chunk/any-markdown.ts';
import type { Chunk } from './chunker.ts';
import { createStructureChunker, type StructureChunkerOptions } from './structure-chunker.ts';

function chunk(text: string, options: StructureChunkerOptions = {}): Chunk[] {
  return createStructureChunker(options).chunk(text);
}

function textsOf(text: string, options: StructureChunkerOptions = {}): string[] {
  return chunk(text, options).map((each) => each.text);
}

function prose(length: number, about = 'flow'): string {
  return (
    `The ${about} is one thing. `
      .repeat(length / 10)
      .slice(0, length - 1)
      .trim() + '.'
  );
}

describe('sections', () => {
  it('that fit are a chunk with all below them', () => {
    const a = `## A\n\n${prose(120, 'a')}\n\n### Of A\n\n${prose(120, 'b')}`;
    const b = `## B\n\n${prose(200, 'c')}`;
    const chunks = chunk(`# Title\n\n${a}\n\n${b}`, { maxChars: 320 });
    expect(chunks.map(({ text }) => text)).toEqual([`# Title\n\n${a}`, b]);
    expect(chunks.map(({ section }) => section)).toEqual(['Title › A', 'Title › B']);
  });

  it('that are small are packed, and the path is what all of them share', () => {
    const small = (name: string) => `## ${name}\n\n${prose(60, name)}`;
    const text = ['# Title', prose(150), ...['A', 'B', 'C'].map(small)].join('\n\n');
    const chunks = chunk(text, { maxChars: 260 });
    expect(chunks.map(({ section }) => section)).toEqual(['Title', 'Title']);
    expect(chunks[1]?.text).toBe(['A', 'B', 'C'].map(small).join('\n\n'));
  });

  it('end a chunk that does not have their heading, where the path would not be true of what follows', () => {
    const text = `# A\n\n${prose(380, 'a')}\n\n# B\n\nShort.`;
    const chunks = chunk(text, { maxChars: 200 });
    expect(chunks.at(-1)).toMatchObject({ text: '# B\n\nShort.', section: 'B' });
    expect(chunks.slice(0, -1).every(({ section }) => section === 'A')).toBe(true);
    expect(chunks.slice(0, -1).some((each) => each.text.includes('# B'))).toBe(false);
  });

  it('are underlined ones, too, and none in code, quotes, lists or long lines', () => {
    const text = [
      'Title\n=====',
      'Part of it\n---',
      '```\n# code\n```',
      '> # quote',
      '- item\n  # in it',
      `# ${'long '.repeat(60)}`,
      '    # indented',
      prose(300),
    ].join('\n\n');
    for (const { section } of chunk(text, { maxChars: 200 }))
      expect(section).toBe('Title › Part of it');
  });

  it('are none of front matter', () => {
    const text = `---\ntitle: x\n---\n\n${prose(100)}`;
    expect(chunk(text).map(({ section }) => section)).toEqual([null]);
    expect(chunk(text, { maxChars: 60 }).every(({ section }) => section === null)).toBe(true);
  });
});

describe('what fits is kept whole', () => {
  const before = prose(60);
  const after = prose(150, 'end');

  it.each([
    ['a table', `| a | b |\n|---|---|\n${'| row | value |\n'.repeat(10).trim()}`],
    ['a list', '- item with words\n'.repeat(9).trim()],
    ['code', `\`\`\`ts\n${'const x = 1;\n\n'.repeat(11)}\`\`\``],
    ['a quote', '> quoted words\n'.repeat(11).trim()],
    ['a paragraph', prose(165, 'middle')],
  ])('%s', (_, block) => {
    const texts = textsOf([before, block, after].join('\n\n'), { maxChars: 200 });
    expect(texts).toContain(block);
  });

  it('and what announces it stays with it', () => {
    const list = '- item with words\n'.repeat(5).trim();
    const text = [prose(150), 'These are they:', list, prose(150)].join('\n\n');
    expect(textsOf(text, { maxChars: 200 })).toContain(`These are they:\n\n${list}`);
  });
});

describe('what does not fit is cut', () => {
  const lines = (texts: readonly string[]) => texts.flatMap((text) => text.split('\n'));

  it('a table between its rows, not right after its header', () => {
    const rows = Array.from({ length: 40 }, (_, n) => `| row ${n} | value of it ${n * 7} |`);
    const text = ['| name | value |', '|---|---|', ...rows].join('\n');
    const texts = textsOf(text, { maxChars: 200 });
    expect(lines(texts)).toEqual(text.split('\n'));
    expect(texts[0]?.split('\n').length).toBeGreaterThan(2);
  });

  it('code between its lines, at empty ones where there are some', () => {
    const body = Array.from({ length: 30 }, (_, n) => `call(${n}); // with. A sentence.`);
    const text = ['```', ...body, '```'].join('\n');
    const texts = textsOf(text, { maxChars: 200 });
    expect(lines(texts)).toEqual(text.split('\n'));
    const parts = Array.from({ length: 8 }, (_, n) => `first(${n});\nsecond(${n});`);
    const cut = textsOf(`\`\`\`\n${parts.join('\n\n')}\n\`\`\``, { maxChars: 100 });
    for (const each of cut.slice(1)) expect(each).toMatch(/^first/);
  });

  it('a list between its items, an item between its parts', () => {
    const items = Array.from({ length: 20 }, (_, n) => `- item ${n}. It is one.\n  It goes on.`);
    for (const each of textsOf(items.join('\n'), { maxChars: 150 }))
      expect(each).toMatch(/^- item/);
    const parts = Array.from({ length: 10 }, (_, n) => `  - part ${n}. It is one.`);
    for (const each of textsOf(`- item:\n${parts.join('\n')}`, { maxChars: 100 }))
      expect(each).toMatch(/^- (item|part)/);
  });

  it('a paragraph between its sentences, wherever its lines end', () => {
    const text = 'One sentence that\ngoes on. '.repeat(20).trim();
    for (const each of textsOf(text, { maxChars: 100 })) expect(each).toMatch(/^One.*goes on\.$/s);
  });
});

describe('headings', () => {
  it('are never last in a chunk nor alone, where a text follows', () => {
    const check = (text: string, maxChars: number) => {
      for (const each of chunk(text, { maxChars })) {
        const last = each.text.split('\n').at(-1)?.trim() ?? '';
        const follows = text.slice(each.end).trimStart();
        if (!/^#{1,6} \S/.test(last) || follows === '' || startsWithHeading(follows)) continue;
        const isInCode = (text.slice(0, each.end).match(/^ *```/gm)?.length ?? 0) % 2 === 1;
        if (!isInCode && isHeading(text, each.end, last))
          expect.fail(`${last} is left behind by ${follows.slice(0, 40)}`);
      }
    };
    fc.assert(fc.property(anyMarkdown, fc.integer({ min: 240, max: 600 }), check), {
      numRuns: 5_000,
    });
  });

  /** Among headings without a text of their own some place has to be. */
  function startsWithHeading(text: string): boolean {
    const [paragraph = ''] = text.split(/\n\s*\n/);
    return /^#{1,6} |\n(=+|-+)\s*$/m.test(paragraph);
  }

  /** By what the same text without limits says of what stands behind it. */
  function isHeading(text: string, end: number, line: string): boolean {
    const [all] = chunk(`${text.slice(0, end)}\n\n${'x'.repeat(100_000)}`, {
      maxChars: 100_000,
    }).slice(-1);
    return all?.section?.split(' › ').at(-1) === line.replace(/^#+ /, '');
  }
});

describe('an edit changes few chunks', () => {
  it.each([
    ['of prose', 0],
    ['of sections of three paragraphs', 3],
    ['of sections of ten', 10],
    ['of small sections', 1],
  ])('%s', (_, perSection) => {
    const paragraphs = Array.from({ length: 400 }, (_, n) => {
      const text = `Paragraph ${n} begins here. ${`It has words about subject ${(n * 7919) % 1000} in it. `.repeat(30)}`;
      return text.slice(0, 150 + ((n * 7919) % 500)).trim();
    });
    const document = (list: readonly string[]) =>
      list
        .map((paragraph, n) =>
          perSection > 0 && n % perSection === 0
            ? `${n % (perSection * 7) === 0 ? '#' : '##'} Section ${n}\n\n${paragraph}`
            : paragraph,
        )
        .join('\n\n');
    const before = new Set(textsOf(document(paragraphs)));
    expect(before.size).toBeGreaterThan(90);
    const changes = paragraphs.map((paragraph, at) => {
      const edited = paragraphs.with(at, `${paragraph} And a sentence more.`);
      return textsOf(document(edited)).filter((text) => !before.has(text)).length;
    });
    const few = changes.filter((count) => count <= 2).length;
    expect(few / changes.length).toBeGreaterThan(0.85);
    expect(Math.max(...changes)).toBeLessThanOrEqual(8);
  });
});

describe('what is repeated', () => {
  it('is of the same section, and no part of its heading', () => {
    const text = ['# A', prose(500, 'a'), '# B', prose(500, 'b')].join('\n\n');
    const chunks = chunk(text, { maxChars: 200, overlapChars: 60 });
    let covered = 0;
    for (const each of chunks) {
      if (each.start < covered) expect(each.text).not.toContain('#');
      if (each.start < covered && each.section === 'B')
        expect(each.start).toBeGreaterThan(text.indexOf('# B') + 2);
      covered = each.end;
    }
    expect(
      chunks.filter(({ start }, n) => start < (chunks[n - 1]?.end ?? 0)).length,
    ).toBeGreaterThan(3);
  });
});

it('names its version and limits in its id', () => {
  expect(createStructureChunker().id).toBe('structure@1/max1600/overlap0');
  expect(createStructureChunker({ maxChars: 800, overlapChars: 100, maxTokens: 254 }).id).toBe(
    'structure@1/max800/overlap100/tokens254@1',
  );
});
