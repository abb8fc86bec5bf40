/** What several readers say when there is no text. */
import { ExtractionError } from '../../errors/index.ts';

export function emptyFile(): ExtractionError {
  return new ExtractionError('The file holds no text: it is empty, or nothing but blanks.', {
    fault: 'empty',
    remedy: 'Look whether it was written completely.',
  });
}

export function noText(): ExtractionError {
  return new ExtractionError('The file holds images only, and no text.', {
    fault: 'no-text',
    remedy: 'Have its text recognized (OCR) first.',
  });
}

export function tooManyBytes(size: number, max: number): ExtractionError {
  return new ExtractionError(`The file has ${size} bytes, ${max} are taken at most.`, {
    fault: 'too-large',
    remedy: 'Cut it into several.',
  });
}

export function unsupported(what: string): ExtractionError {
  return new ExtractionError(`Not read: ${what}.`, {
    fault: 'unsupported',
    remedy: 'Save it as PDF, DOCX, EPUB, HTML, Markdown or text.',
  });
}

export function damaged(what: string): ExtractionError {
  return new ExtractionError(`The file is damaged: ${what}.`, {
    fault: 'damaged',
    remedy: 'Fetch or copy it once more, or save it anew with its own program.',
  });
}

export function encrypted(what: string): ExtractionError {
  return new ExtractionError(`The file is encrypted: ${what} opens with a password only.`, {
    fault: 'encrypted',
    remedy: 'Save it without a password.',
  });
}

export function tooDeep(max: number): ExtractionError {
  return new ExtractionError(`The file nests elements deeper than ${max} levels.`, {
    fault: 'too-large',
    remedy: 'Save it anew with its own program, or as plain text.',
  });
}
