/** Markdown: the front matter read and cut off, MDX's code dropped, and else byte for byte as it was written. */
import path from 'node:path';
import { decodeText } from './charset.ts';
import type { Extracted, ExtractInput } from './extracted.ts';
import { readFrontMatter } from './front-matter.ts';
import { withLines } from './text.ts';

export async function extractMarkdown(input: ExtractInput): Promise<Extracted> {
  const { text, warnings } = decodeText(input);
  const { body, warnings: ofFields, ...fields } = readFrontMatter(withLines(text));
  const base = { ...fields, parser: 'markdown@1', type: 'markdown', pages: null } as const;
  if (!isMdx(input)) return { ...base, text: body, warnings: [...warnings, ...ofFields] };
  const { dropMdx } = await import('./mdx.ts');
  const dropped = dropMdx(body);
  return { ...base, text: dropped.text, warnings: [...warnings, ...ofFields, ...dropped.warnings] };
}

function isMdx({ name, mediaType }: ExtractInput): boolean {
  return path.extname(name ?? '').toLowerCase() === '.mdx' || /^text\/mdx\b/i.test(mediaType ?? '');
}
