import { describe, expect, it } from 'vitest';
import { decodeText } from './charset.ts';

const POEM = 'Однажды, в студеную зимнюю пору, я из лесу вышел; был сильный мороз.';
/** Bytes of Cyrillic letters and ASCII, by the offset of а to п and р to я. */
const cyrillic = (text: string, encode: (letter: number) => number) =>
  Uint8Array.from(text, (letter) => {
    const code = letter.codePointAt(0) ?? 0;
    return code < 0x80 ? code : encode(code);
  });
const cp1251 = (text: string) => cyrillic(text, (code) => code - 0x410 + 0xc0);
const cp866 = (text: string) =>
  cyrillic(text, (code) => (code < 0x440 ? code - 0x410 + 0x80 : code - 0x440 + 0xe0));
const utf16 = (text: string, isBig: boolean) => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};
const decode = (bytes: Uint8Array, mediaType: string | null = null, declared: string[] = []) =>
  decodeText({ bytes, mediaType, declared });

describe('decodeText', () => {
  it('believes a byte order mark more than a declaration, and drops it', () => {
    const bytes = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('Käse')]);
    expect(decode(bytes, 'text/plain; charset=iso-8859-1').text).toBe('Käse');
    const marked = Buffer.concat([Buffer.from([0xff, 0xfe]), utf16('Käse', false)]);
    expect(decode(marked).text).toBe('Käse');
  });

  it('reads valid UTF-8 as that, whatever is declared', () => {
    expect(decode(Buffer.from(POEM), 'text/plain; charset=windows-1252').text).toBe(POEM);
    expect(decode(Buffer.from(POEM), null, ['iso-8859-1', 'utf-16']).text).toBe(POEM);
  });

  it('knows UTF-16 without a mark, in both orders, in Latin and Cyrillic', () => {
    for (const text of ['The moon pulls the sea, twice a day.', POEM])
      for (const isBig of [false, true]) expect(decode(utf16(text, isBig)).text).toBe(text);
  });

  it('detects what nobody declared', () => {
    expect(decode(cp1251(POEM))).toMatchObject({ text: POEM, charset: 'windows-1251' });
    expect(decode(cp866(POEM))).toMatchObject({ text: POEM, charset: 'ibm866' });
    const shiftJis = Buffer.from('82b182ea82cd93fa967b8cea82cc95b68fcd82c582b78142', 'hex');
    expect(decode(shiftJis).charset).toBe('shift_jis');
  });

  it('takes the first declaration that can be true', () => {
    expect(decode(cp1251(POEM), 'text/plain; charset="windows-1251"').text).toBe(POEM);
    expect(decode(cp1251(POEM), 'text/plain; charset=utf-8').text).toBe(POEM);
    expect(decode(cp1251(POEM), null, ['utf-8', 'no-such', 'windows-1251']).text).toBe(POEM);
  });

  it('finds letters behind a long English beginning', () => {
    const bytes = Buffer.concat([Buffer.from('word '.repeat(100_000)), cp1251(POEM)]);
    expect(decode(bytes).text.endsWith(POEM)).toBe(true);
  });

  it('says what it left out of nearly valid UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from(POEM), Buffer.from([0xff]), Buffer.from(POEM)]);
    expect(decode(bytes).warnings).toHaveLength(1);
    expect(decode(bytes).text).toContain(POEM);
  });

  it('takes a few NULs for dirt, and many for a binary', () => {
    expect(decode(Buffer.from(`one\0two ${'three '.repeat(20)}`)).text).toContain('two');
    const binary = Uint8Array.from({ length: 4096 }, (_, n) => (n * 7919) % 256);
    expect(() => decode(binary)).toThrow(expect.objectContaining({ fault: 'unsupported' }));
  });
});
