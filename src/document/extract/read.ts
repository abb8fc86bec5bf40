/** Reads one file: finds out what it is, has its format read it, and holds the result to the contract. */
import { cleanText } from '../../chunk/index.ts';
import { ExtractionError } from '../../errors/index.ts';
import type {
  Extracted,
  ExtractedType,
  ExtractInput,
  ExtractLimits,
  FormatExtractor,
} from './extracted.ts';
import { emptyFile, tooManyBytes } from './read-faults.ts';
import { recognize } from './recognize.ts';

/** Loaded when the first file of the type comes: a reader of Markdown needs none of the others. */
const FORMATS: Record<ExtractedType, () => Promise<FormatExtractor>> = {
  docx: async () => (await import('./docx.ts')).extractDocx,
  epub: async () => (await import('./epub.ts')).extractEpub,
  html: async () => (await import('./html/index.ts')).extractHtml,
  markdown: async () => (await import('./markdown.ts')).extractMarkdown,
  pdf: async () => {
    const { extractPdf } = await import('./pdf.ts');
    return ({ bytes }, limits) => extractPdf(bytes, limits);
  },
  text: async () => (await import('./text.ts')).extractText,
};

/**
 * Without limits of time and memory: those are kept from outside.
 * @throws ExtractionError, and what a library throws
 */
export async function read(input: ExtractInput, limits: ExtractLimits): Promise<Extracted> {
  if (input.bytes.length === 0) throw emptyFile();
  if (input.bytes.length > limits.maxBytes) throw tooManyBytes(input.bytes.length, limits.maxBytes);
  const type = recognize(input);
  const extract = await FORMATS[type]();
  const extracted = await extract(input, limits);
  return checked(extracted, limits);
}

function checked(extracted: Extracted, { maxTextChars }: ExtractLimits): Extracted {
  const text = cleanText(extracted.text);
  if (text.trim() === '') throw emptyFile();
  if (text.length > maxTextChars) {
    throw new ExtractionError(
      `The file holds ${text.length} characters of text, ${maxTextChars} are taken at most.`,
      { fault: 'too-large', remedy: 'Cut it into several.' },
    );
  }
  // Removing a NUL moves what comes after it; formats with pages clean their text themselves.
  return { ...extracted, text };
}
