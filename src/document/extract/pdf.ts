/**
 * PDF to Markdown, by pdf.js. Owns the order of the work, the limits on pages and text, and why there is none. Runs in a process that
 * may be killed: time and memory are limited there.
 */
import { getDocumentProxy } from 'unpdf';
import { cleanText } from '../../chunk/index.ts';
import { ExtractionError } from '../../errors/index.ts';
import type { Extracted, ExtractLimits } from './extracted.ts';
import { readingOrder } from './pdf-columns.ts';
import { fieldItems } from './pdf-fields.ts';
import { furnitureOf, type PageLines } from './pdf-furniture.ts';
import { headingsOf, type OutlineEntry, styleOf } from './pdf-headings.ts';
import { infoOf } from './pdf-info.ts';
import { type Line, linesOf } from './pdf-lines.ts';
import { markdownOf } from './pdf-markdown.ts';
import { layersOf, type PdfDocument } from './pdf-runs.ts';
import { respaced } from './pdf-spacing.ts';
import { vocabularyOf } from './pdf-words.ts';

const PARSER = 'pdf@1';
/** pdf.js: `PermissionFlag.COPY`. */
const MAY_COPY = 16;
const MOST_OUTLINE_ENTRIES = 10_000;
const MOST_PAGES_NAMED = 20;

/**
 * Reads the text layer of a PDF: columns in reading order, headings by size, running headers and footers and page numbers left out,
 * words joined that were cut at the end of a line.
 * @throws ExtractionError `empty`, `encrypted`, `damaged`, `no-text`, or `too-large` (bytes, pages, characters)
 */
export async function extractPdf(
  bytes: Uint8Array,
  limits: ExtractLimits,
  signal?: AbortSignal,
): Promise<Extracted> {
  refuseBytes(bytes, limits);
  const document = await open(bytes);
  try {
    return await read(document, limits, signal);
  } finally {
    await document.loadingTask.destroy();
  }
}

function refuseBytes(bytes: Uint8Array, limits: ExtractLimits): void {
  if (bytes.length === 0) {
    throw new ExtractionError('The file is empty (0 bytes).', {
      fault: 'empty',
      remedy: 'Look whether it was copied or downloaded whole.',
    });
  }
  if (bytes.length > limits.maxBytes) {
    throw tooLarge('The file', bytes.length, limits.maxBytes, 'bytes');
  }
}

async function open(bytes: Uint8Array): Promise<PdfDocument> {
  try {
    // A copy, and no Buffer, which pdf.js refuses: it hands the memory to another thread where there is one. Verbosity 0, or
    // it would print what it stumbles over.
    return await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 });
  } catch (cause) {
    if (nameOf(cause) === 'PasswordException') {
      throw new ExtractionError('The PDF opens with a password only.', {
        fault: 'encrypted',
        remedy: 'Save a copy without a password, and add that.',
      });
    }
    throw damaged();
  }
}

async function read(
  document: PdfDocument,
  limits: ExtractLimits,
  signal: AbortSignal | undefined,
): Promise<Extracted> {
  if (document.numPages > limits.maxPages) {
    throw tooLarge('The PDF', document.numPages, limits.maxPages, 'pages');
  }
  const raw = await infoIn(document);
  const hasForm = raw['IsAcroFormPresent'] === true;
  const { pages, unread } = await readPages(document, limits, { hasForm, signal });
  const info = infoOf(raw);
  const all = pages.flatMap((page) => page.regions.flatMap((region) => region.lines));
  if (all.length === 0) throw noText(pages.length, unread.length);
  const text = await markdown(document, pages, all);
  if (text.text.length > limits.maxTextChars) {
    throw tooLarge('Its text', text.text.length, limits.maxTextChars, 'characters');
  }
  const blank = pages.flatMap(({ regions }, at) =>
    regions.length === 0 && !unread.includes(at + 1) ? [at + 1] : [],
  );
  return {
    ...text,
    parser: PARSER,
    type: 'pdf',
    author: info.author,
    title: info.title ?? text.title,
    published: info.published,
    tags: info.tags,
    metadata: info.subject === null ? {} : { subject: info.subject },
    warnings: [
      ...warning(unread, 'could not be read'),
      ...warning(blank, 'has no text'),
      ...(await permissionWarning(document)),
    ],
  };
}

interface ReadPages {
  pages: PageLines[];
  /** Numbers of pages, from 1, that pdf.js failed on. */
  unread: number[];
}

async function readPages(
  document: PdfDocument,
  limits: ExtractLimits,
  { hasForm, signal }: { hasForm: boolean; signal: AbortSignal | undefined },
): Promise<ReadPages> {
  const pages: PageLines[] = [];
  const unread: number[] = [];
  let chars = 0;
  for (let number = 1; number <= document.numPages; number += 1) {
    signal?.throwIfAborted();
    let page: PageLines = { height: 0, regions: [] };
    try {
      page = await readPage(document, number, hasForm);
    } catch {
      // One bad page: the others are text all the same.
      unread.push(number);
    }
    for (const { lines } of page.regions) for (const line of lines) chars += line.text.length;
    if (chars > limits.maxTextChars) {
      throw tooLarge('Its text', chars, limits.maxTextChars, 'characters');
    }
    pages.push(page);
  }
  return { pages, unread };
}

async function readPage(
  document: PdfDocument,
  number: number,
  hasForm: boolean,
): Promise<PageLines> {
  const page = await document.getPage(number);
  const { transform, height } = page.getViewport({ scale: 1 });
  const { items } = await page.getTextContent();
  const texts = await respaced(
    page,
    items.filter((item) => 'str' in item),
  );
  if (hasForm) texts.push(...(await fieldItems(page)));
  const regions = layersOf(texts, transform as number[]).flatMap((layer) =>
    readingOrder(layer.runs).map((runs) => ({
      lines: linesOf(runs),
      isAslant: layer.isAslant,
      isAside: layer.isAside,
    })),
  );
  page.cleanup();
  return { height, regions: regions.filter((region) => region.lines.length > 0) };
}

async function markdown(
  document: PdfDocument,
  pages: readonly PageLines[],
  all: readonly Line[],
): Promise<Pick<Extracted, 'text' | 'title' | 'pages'>> {
  const furniture = furnitureOf(pages, styleOf(all).bodySize);
  // A document of nothing else, such as a page of a form a hundred times, is its own text.
  const isKept = (line: Line) => furniture.size === all.length || !furniture.has(line);
  const lines = all.filter(isKept);
  const style = styleOf(lines);
  const main = pages.flatMap(({ regions }) =>
    regions.flatMap((each) => (each.isAside ? [] : each.lines)),
  );
  const headings = headingsOf(main.filter(isKept), style, await outlineOf(document));
  const { text, starts } = markdownOf({
    pages: pages.map(({ regions }) => ({
      regions: regions.map((each) => ({ ...each, lines: each.lines.filter(isKept) })),
    })),
    headings,
    vocabulary: vocabularyOf(lines.map((line) => line.text)),
    bodySize: style.bodySize,
  });
  return { text: cleanText(text), title: titleIn(text.slice(0, starts[1])), pages: starts };
}

/** The largest heading of the first page. */
function titleIn(firstPage: string): string | null {
  const headings = [...firstPage.matchAll(/^(#{1,3}) (.{3,250})$/gm)];
  const [largest] = headings.toSorted((a, b) => (a[1]?.length ?? 0) - (b[1]?.length ?? 0));
  return largest?.[2] ?? null;
}

async function outlineOf(document: PdfDocument): Promise<OutlineEntry[]> {
  interface Node {
    title: string;
    items: Node[];
  }
  const entries: OutlineEntry[] = [];
  const add = (nodes: readonly Node[], depth: number) => {
    for (const node of nodes) {
      if (entries.length >= MOST_OUTLINE_ENTRIES || depth > 20) return;
      entries.push({ title: node.title, depth });
      add(node.items, depth + 1);
    }
  };
  try {
    add((await document.getOutline()) ?? [], 0);
  } catch {
    // A damaged outline is none.
  }
  return entries;
}

async function infoIn(document: PdfDocument): Promise<Record<string, unknown>> {
  try {
    return (await document.getMetadata()).info as Record<string, unknown>;
  } catch {
    return {};
  }
}

/**
 * A PDF that opens without a password may still say that its text is not to be copied. That is a wish of its author to programs that
 * show it, and no lock: whoever adds it here reads it already. The text is taken, and the wish is told.
 */
async function permissionWarning(document: PdfDocument): Promise<string[]> {
  const permissions = await document.getPermissions();
  if (permissions === null || permissions.includes(MAY_COPY)) return [];
  return ['the file asks that its text not be copied'];
}

function warning(pages: readonly number[], what: string): string[] {
  const named = pages.slice(0, MOST_PAGES_NAMED).map((page) => `page ${page} ${what}`);
  const more = pages.length - named.length;
  return more > 0 ? [...named, `and ${more} more pages ${what}`] : named;
}

function noText(pages: number, unread: number): ExtractionError {
  if (unread === pages) return damaged();
  const count = pages === 1 ? 'Its page has' : `None of its ${pages} pages has`;
  return new ExtractionError(
    `The PDF has no text layer. ${count}${pages === 1 ? ' no' : ''} text.`,
    {
      fault: 'no-text',
      remedy: 'If it is scanned, run text recognition (OCR) over it, and add what that gives.',
    },
  );
}

function damaged(): ExtractionError {
  // Without the cause: messages of pdf.js may quote the file.
  return new ExtractionError('The PDF is damaged: it is not whole, or it is no PDF.', {
    fault: 'damaged',
    remedy: 'Open it in a viewer and save it anew, or fetch it once more.',
  });
}

function tooLarge(what: string, value: number, limit: number, unit: string): ExtractionError {
  return new ExtractionError(`${what} has ${value} ${unit}, over the limit of ${limit}.`, {
    fault: 'too-large',
    remedy: 'Split it, or raise the limit.',
  });
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
