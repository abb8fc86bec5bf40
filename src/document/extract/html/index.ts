/** HTML: its main content as Markdown, and what its head says of it. */
import { load } from 'cheerio';
import { decodeText } from '../charset.ts';
import type { Extracted, ExtractInput, ExtractLimits } from '../extracted.ts';
import { emptyFile, noText } from '../read-faults.ts';
import { declaredCharsets } from './declared-charsets.ts';
import { readHead } from './head.ts';
import { cleanPage, mainContent } from './main-content.ts';
import { checkNesting } from './nesting.ts';
import { toMarkdown } from './to-markdown.ts';

export function extractHtml(input: ExtractInput, limits: ExtractLimits): Extracted {
  const declared = declaredCharsets(input.bytes);
  const { text: html, warnings } = decodeText({ ...input, declared });
  const $ = load(html);
  checkNesting($.root()[0], limits.maxNesting);
  const head = readHead($);
  const hasImages = $('img, svg, canvas, object, embed').length > 0;
  cleanPage($);
  const text = toMarkdown(mainContent($).toArray());
  if (text === '') throw hasImages ? noText() : emptyFile();
  return { ...head, text, parser: 'html@1', type: 'html', metadata: {}, pages: null, warnings };
}
