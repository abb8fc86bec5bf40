/** EPUB: the chapters of a book in the order in which it is read, each by way of HTML to Markdown. */
import path from 'node:path';
import { type CheerioAPI, load } from 'cheerio';
import { decodeText } from './charset.ts';
import type { Extracted, ExtractInput, ExtractLimits } from './extracted.ts';
import { isoDate } from './front-matter.ts';
import { declaredCharsets } from './html/declared-charsets.ts';
import type { Element } from './html/dom.ts';
import { cleanPage } from './html/main-content.ts';
import { checkNesting } from './html/nesting.ts';
import { toMarkdown } from './html/to-markdown.ts';
import { damaged, emptyFile, encrypted, noText } from './read-faults.ts';
import { unzip } from './zip.ts';

const CONTAINER = 'META-INF/container.xml';
const ENCRYPTION = 'META-INF/encryption.xml';
/** Chapters, and what says which they are; pictures, fonts and styles stay packed. */
const WANTED = /\.(?:xml|opf|xhtml|html?)$/i;

type Files = ReadonlyMap<string, Uint8Array>;

export function extractEpub(input: ExtractInput, limits: ExtractLimits): Extracted {
  const files = unzip(input.bytes, limits, (name) => WANTED.test(name));
  const packagePath = xmlOf(files, CONTAINER)('rootfile').first().attr('full-path') ?? '';
  const $ = xmlOf(files, packagePath);
  const chapters = spine($, path.posix.dirname(packagePath));
  const locked = lockedFiles(files);
  if (chapters.some((chapter) => locked.has(chapter))) throw encrypted('the book');
  const { texts, missing, hasImages } = readChapters(files, chapters, limits);
  if (texts.length === 0) throw hasImages ? noText() : emptyFile();
  return {
    ...readMetadata($),
    text: texts.join('\n\n'),
    parser: 'epub@1',
    type: 'epub',
    metadata: {},
    pages: null,
    warnings:
      missing === 0 ? [] : [`${missing} of ${chapters.length} chapters are not in the file`],
  };
}

function readChapters(files: Files, chapters: readonly string[], limits: ExtractLimits) {
  const texts: string[] = [];
  let missing = 0;
  let hasImages = false;
  for (const chapter of chapters) {
    const bytes = files.get(chapter);
    if (bytes === undefined) missing++;
    else {
      const $ = load(
        decodeText({ bytes, mediaType: null, declared: declaredCharsets(bytes) }).text,
      );
      checkNesting($.root()[0], limits.maxNesting);
      hasImages ||= $('img, svg').length > 0;
      cleanPage($);
      const text = toMarkdown($('body').toArray());
      if (text !== '') texts.push(text);
    }
  }
  return { texts, missing, hasImages };
}

function xmlOf(files: Files, name: string): CheerioAPI {
  const bytes = files.get(name);
  if (bytes === undefined) throw damaged('a book without its table of files');
  const { text } = decodeText({ bytes, mediaType: null, declared: declaredCharsets(bytes) });
  return load(text, { xml: true });
}

/** Paths of the chapters; what is no text, or is the table of contents again, is left out. */
function spine($: CheerioAPI, folder: string): string[] {
  const items = new Map(
    Array.from(local($, 'item'), ({ attribs }) => [attribs['id'] ?? '', attribs] as const),
  );
  return local($, 'itemref').flatMap(({ attribs }) => {
    const item = items.get(attribs['idref'] ?? '');
    const isContents = /(?:^|\s)nav(?:\s|$)/.test(item?.['properties'] ?? '');
    const isText = /html/i.test(item?.['media-type'] ?? '');
    return item?.['href'] === undefined || isContents || !isText
      ? []
      : [path.posix.join(folder, unescapePath(item['href']))];
  });
}

/** Of that name in any namespace: some books write `opf:item`. */
function local($: CheerioAPI, name: string): Element[] {
  return ($('*').toArray() as Element[]).filter(
    (one) => one.name === name || one.name.endsWith(`:${name}`),
  );
}

function lockedFiles(files: Files): Set<string> {
  if (!files.has(ENCRYPTION)) return new Set();
  const $ = xmlOf(files, ENCRYPTION);
  const references = local($, 'CipherReference');
  return new Set(references.map(({ attribs }) => unescapePath(attribs['URI'] ?? '')));
}

function unescapePath(href: string): string {
  try {
    return decodeURIComponent(href.replace(/#.*/s, ''));
  } catch {
    return href;
  }
}

function readMetadata($: CheerioAPI) {
  const all = (name: string) =>
    local($, name).flatMap((one) => $(one).text().replace(/\s+/g, ' ').trim() || []);
  return {
    title: all('title')[0] ?? null,
    author: all('creator').join(', ') || null,
    published: isoDate(all('date')[0] ?? ''),
    tags: [...new Set(all('subject'))],
  };
}
