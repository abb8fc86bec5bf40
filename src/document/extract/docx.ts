/** DOCX: Word's own structure (headings, lists, tables, notes) by way of HTML to Markdown. */
import { load } from 'cheerio';
import { strFromU8, zipSync } from 'fflate';
import mammoth from 'mammoth';
import type { Extracted, ExtractInput, ExtractLimits } from './extracted.ts';
import { isoDate } from './front-matter.ts';
import { checkNesting } from './html/nesting.ts';
import { toMarkdown } from './html/to-markdown.ts';
import { damaged, emptyFile, noText } from './read-faults.ts';
import { unzip } from './zip.ts';

const MAIN = 'word/document.xml';
const CORE = 'docProps/core.xml';
/** Text and how it hangs together; pictures, fonts and embedded files stay packed. */
const WANTED =
  /^(?:\[Content_Types\]\.xml|_rels\/.*\.rels|docProps\/core\.xml|word\/[^/]*\.xml|word\/_rels\/.*\.rels)$/;
const STYLES = [
  "p[style-name='Title'] => h1:fresh",
  "p[style-name='Subtitle'] => h2:fresh",
  "p[style-name='Quote'] => blockquote > p:fresh",
  "p[style-name='Code'] => pre:separator('\\n')",
];

export async function extractDocx(input: ExtractInput, limits: ExtractLimits): Promise<Extracted> {
  const files = unzip(input.bytes, limits, (name) => WANTED.test(name));
  if (!files.has(MAIN)) throw damaged('a Word document without its text');
  const html = await toHtml(files);
  const $ = load(html);
  checkNesting($.root()[0], limits.maxNesting);
  dropBackLinks($);
  const text = toMarkdown($('body').toArray());
  if (text === '') throw holdsPictures(files) ? noText() : emptyFile();
  const core = readCore(files.get(CORE));
  return { ...core, text, parser: 'docx@1', type: 'docx', metadata: {}, pages: null, warnings: [] };
}

/** It gets an archive of what was unpacked and counted, so that it unpacks nothing else. */
async function toHtml(files: ReadonlyMap<string, Uint8Array>): Promise<string> {
  const counted = zipSync(Object.fromEntries(files), { level: 0 });
  const { value } = await mammoth.convertToHtml(
    { buffer: Buffer.from(counted.buffer, counted.byteOffset, counted.byteLength) },
    {
      styleMap: STYLES,
      includeEmbeddedStyleMap: false,
      externalFileAccess: false,
      convertImage: mammoth.images.imgElement(() => Promise.resolve({ src: '' })),
    },
  );
  return value;
}

/** Notes stand at the end, each with an arrow back to where it is. */
function dropBackLinks($: ReturnType<typeof load>): void {
  $('a[href^="#footnote-ref-"], a[href^="#endnote-ref-"]').remove();
}

function holdsPictures(files: ReadonlyMap<string, Uint8Array>): boolean {
  const main = files.get(MAIN);
  return main !== undefined && /<(?:pic:pic|v:imagedata|w:drawing|w:pict)\b/.test(strFromU8(main));
}

function readCore(bytes: Uint8Array | undefined) {
  const $ = load(bytes === undefined ? '' : strFromU8(bytes), { xml: true });
  const field = (name: string) =>
    $(name.replace(':', '\\:')).first().text().replace(/\s+/g, ' ').trim() || null;
  const keywords = (field('cp:keywords') ?? '').split(/[,;]/);
  return {
    title: field('dc:title'),
    author: field('dc:creator'),
    published: isoDate(field('dcterms:created') ?? ''),
    tags: [...new Set(keywords.flatMap((one) => one.trim() || []))],
  };
}
