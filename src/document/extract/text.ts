/** Plain text: decoded, and else as it is. */
import { decodeText } from './charset.ts';
import type { Extracted, ExtractInput } from './extracted.ts';

export function extractText(input: ExtractInput): Extracted {
  const { text, warnings } = decodeText(input);
  return {
    text: withLines(text),
    parser: 'text@1',
    type: 'text',
    title: null,
    author: null,
    published: null,
    tags: [],
    metadata: {},
    pages: null,
    warnings,
  };
}

/** A text with nothing but carriage returns would be one line. */
export function withLines(text: string): string {
  return text.includes('\r') && !text.includes('\n') ? text.replaceAll('\r', '\n') : text;
}
