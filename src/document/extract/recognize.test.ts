import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { recognize } from './recognize.ts';

const of = (
  content: string | Uint8Array,
  name: string | null = null,
  mediaType: string | null = null,
) => {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  return recognize({ bytes, name, mediaType });
};
const PAGE = '<!-- x -->\n<!DOCTYPE html><html><body>text';

describe('recognize', () => {
  it('believes the content more than name and declaration', () => {
    expect(of('%PDF-1.7', 'a.txt', 'text/plain')).toBe('pdf');
    expect(of(PAGE, 'a.md', 'text/plain')).toBe('html');
    const word = zipSync({
      '[Content_Types].xml': strToU8('<x/>'),
      'word/document.xml': strToU8('<x/>'),
    });
    expect(of(word, 'a.pdf', 'application/pdf')).toBe('docx');
    expect(of('just text', 'a.pdf', 'application/pdf')).toBe('text');
    expect(of('just text', 'a.html', 'text/html')).toBe('text');
  });

  it('goes by name and declaration where the content leaves it open', () => {
    expect(of('<div align=center>', 'README.md')).toBe('markdown');
    expect(of('<div>text</div>', 'a.html')).toBe('html');
    expect(of('# Tides', 'a.md', 'text/plain; charset=utf-8')).toBe('markdown');
    expect(of('# Tides', 'a.txt')).toBe('text');
    expect(of('a', null, 'Text/Markdown; variant=GFM')).toBe('markdown');
  });

  it('looks at a text that nobody names', () => {
    expect(of('# Tides\n\ntext')).toBe('markdown');
    expect(of('---\ntitle: a\n---\ntext')).toBe('markdown');
    expect(of('<p>text</p>')).toBe('html');
    expect(of('text\nand text')).toBe('text');
  });

  it('is quick with what is written to be slow', () => {
    const started = performance.now();
    expect(of(`${'<!-- a --> '.repeat(5_000)}text`, 'a.md')).toBe('markdown');
    expect(of('<!--'.repeat(15_000), 'a.md')).toBe('markdown');
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('names what is not read, and why', () => {
    const fault = (kind: string, words: RegExp) =>
      expect.objectContaining({ fault: kind, message: expect.stringMatching(words) });
    expect(() => of('{\\rtf1 text}', 'a.docx')).toThrow(fault('unsupported', /RTF/));
    expect(() => of('\x89PNG\r\n\x1a\n', 'a.txt')).toThrow(fault('unsupported', /PNG/));
    const ole = Buffer.from('d0cf11e0a1b11ae1', 'hex');
    expect(() => of(ole, 'a.doc')).toThrow(fault('unsupported', /before 2007/));
    const locked = Buffer.concat([ole, Buffer.from('EncryptedPackage', 'utf16le')]);
    expect(() => of(locked, 'a.docx')).toThrow(fault('encrypted', /password/));
    for (const [name, words] of [
      ['ppt/presentation.xml', /PowerPoint/],
      ['xl/workbook.xml', /Excel/],
      ['content.xml', /OpenDocument/],
      ['inner.zip', /ZIP/],
    ] as const)
      expect(() => of(zipSync({ [name]: strToU8('x') }))).toThrow(fault('unsupported', words));
    const cut = zipSync({ 'word/document.xml': strToU8('x'.repeat(100)) }).subarray(0, 60);
    expect(() => of(cut, 'a.docx')).toThrow(fault('damaged', /document/));
  });
});
