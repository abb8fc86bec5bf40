/** Documents as lines of JSON, in: what `export.ts` wrote is the same when it is read back. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { DocumentError } from '../../errors/index.ts';
import type { ImportItem } from './item.ts';

/** What a line is checked for here; its other fields are those of every document. */
const line = z.looseObject({
  collection: z.string().optional(),
  origin: z.string().nullish(),
  text: z.string(),
  raw_hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in hexadecimal')
    .optional(),
});

const MAX_LINE_CHARS = 64 * 1024 * 1024;

/** @returns an item per line that is not blank; of one that is wrong, one whose `load` fails */
export async function* readJsonl(file: string | NodeJS.ReadableStream): AsyncGenerator<ImportItem> {
  const input = typeof file === 'string' ? createReadStream(file) : file;
  let number = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    number++;
    const clean = number === 1 ? text.replace(/^\uFEFF/, '') : text;
    if (clean.trim() !== '') yield lineItem(`line ${number}`, clean);
  }
}

function lineItem(label: string, text: string): ImportItem {
  const nothing = { label, collection: null, origin: null, fields: {}, fallbackTitle: null };
  try {
    const {
      collection = null,
      origin = null,
      text: content,
      raw_hash,
      ...fields
    } = parseLine(text);
    return {
      ...nothing,
      collection,
      origin,
      fields,
      ...(raw_hash !== undefined && { rawHash: Buffer.from(raw_hash, 'hex') }),
      load: async () => ({ text: content }),
    };
  } catch (error) {
    return { ...nothing, load: () => Promise.reject(error) };
  }
}

function parseLine(text: string): z.output<typeof line> {
  if (text.length > MAX_LINE_CHARS)
    throw wrong(`The line has ${text.length} characters, ${MAX_LINE_CHARS} are taken at most.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('The line is not JSON.');
  }
  const parsed = line.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path.join('.') ?? '';
  throw wrong(`${at === '' ? 'The line' : `The field ${at}`}: ${issue?.message}.`);
}

function wrong(message: string): DocumentError {
  return new DocumentError(message, {
    fault: 'field',
    remedy: 'A line is an object with title and text, as "evervec docs export" writes it.',
  });
}
