import { describe, expect, it } from 'vitest';
import { createRecordChunker } from './record-chunker.ts';
import { createStructureChunker } from './structure-chunker.ts';
import { createTextChunker } from './text-chunker.ts';
import { tokenBound } from './token-bound.ts';

describe('without title and structure', () => {
  it('a record is cut as text, and nothing stands before a chunk', () => {
    const options = { maxChars: 100, maxTokens: 60 };
    const chunker = createRecordChunker(options);
    expect(chunker.id).toBe(createTextChunker(options).id);
    expect(chunker.contextOf('Title', { text: 'text', section: 'A › B' })).toBe('');
    expect(createRecordChunker({ version: 1 }).id).toBe(createTextChunker({ version: 1 }).id);
  });
});

describe('before a chunk', () => {
  const { contextOf } = createRecordChunker({ by: 'structure' });

  it.each([
    ['title and path', 'Title', 'text', 'A › B', 'Title\nA › B\n\n'],
    ['the title alone', 'Title', 'text', null, 'Title\n\n'],
    ['the path alone', null, 'text', 'A › B', 'A › B\n\n'],
    ['nothing', ' ', 'text', null, ''],
    ['no heading that the slice begins with', 'Title', '## B\n\ntext', 'A › B', 'Title\nA\n\n'],
    ['none of several', 'Title', '# A\n\nB\n---\n\ntext', 'A › B', 'Title\n\n'],
    ['a heading that stands further down', null, 'text\n\n# B\n\nmore', 'A › B', 'A › B\n\n'],
    ['no title twice', 'the title', 'text', 'The Title › B', 'the title\nB\n\n'],
    ['a title on one line', 'a\n  title', 'text', null, 'a title\n\n'],
  ])('stands %s', (_, title, text, section, expected) => {
    expect(contextOf(title, { text, section })).toBe(expected);
  });

  it('stand about 200 characters and 80 tokens, in whole words, of the path its end', () => {
    const long = 'aerodynamics of wings '.repeat(20).trim();
    const both = contextOf(long, { text: 'x', section: `${long} › Inner part` });
    expect(both).toMatch(/^aerodynamics .*(of|wings|aerodynamics)\nInner part\n\n$/);
    for (const title of [long, '流れ'.repeat(200), 'x'.repeat(900), '👍🏽'.repeat(99)])
      for (const section of [null, long, `${long} › ${title}`]) {
        const context = contextOf(title, { text: 'x', section });
        expect(context.length).toBeLessThanOrEqual(210);
        expect(context.length).toBeGreaterThan(20);
        expect(tokenBound(context)).toBeLessThanOrEqual(85);
        expect(context.isWellFormed()).toBe(true);
      }
  });
});

describe('its id', () => {
  it('says that something stands before a chunk, and what the model takes leaves room for it', () => {
    expect(createRecordChunker({ by: 'structure' }).id).toBe(
      `${createStructureChunker().id}/context@1`,
    );
    expect(createRecordChunker({ hasContext: true, maxTokens: 510 }).id).toBe(
      'text@2/max1600/overlap0/tokens430@1/context@1',
    );
    expect(createRecordChunker({ hasContext: true, maxTokens: 126 }).id).toBe(
      'text@2/max1600/overlap0/tokens95@1/context@1/tokens31',
    );
  });

  it('so that both together stay within what the model takes', () => {
    const chunker = createRecordChunker({ by: 'structure', maxTokens: 126 });
    const text = `# ${'流れ'.repeat(50)}\n\n${'流れの中。'.repeat(400)}`;
    for (const chunk of chunker.chunk(text))
      expect(
        tokenBound(chunker.contextOf('題名'.repeat(80), chunk) + chunk.text),
      ).toBeLessThanOrEqual(126 + 4);
  });
});
