/** Reads a form with files: its parts, their names and lengths, each with its own refusal. Stores nothing. */
import type { TaskFile } from '../document/index.ts';
import { HttpRequestError } from '../errors/index.ts';
import { readBytes } from './body.ts';

/** A field that may stand there several times is a list. */
export interface Form {
  fields: Record<string, string[]>;
  files: TaskFile[];
}

const MAX_FILES = 100;
const MAX_PARTS = 200;
const MAX_FIELD_CHARS = 70_000;
const MAX_NAME_CHARS = 255;

/**
 * @param maxBytes of the whole body
 * @throws HttpRequestError saying what is wrong and where
 */
export async function readForm(request: Request, maxBytes: number): Promise<Form> {
  refuseOtherSites(request);
  const type = request.headers.get('content-type') ?? '';
  const bytes = await readBytes(request, maxBytes);
  refuseManyParts(bytes, boundaryOf(type));
  const parts = await parse(bytes, type);
  const form: Form = { fields: {}, files: [] };
  for (const [name, value] of parts)
    if (typeof value === 'string') addField(form, name, value);
    else form.files.push(await readFile(name, value));
  if (form.files.length === 0) throw wrongFile('There is no file in the form.');
  if (form.files.length > MAX_FILES)
    throw wrongFile(`There are ${form.files.length} files, ${MAX_FILES} are taken at once.`);
  return form;
}

/**
 * A form is what a page of another site can make a browser send unasked. The browser says so; a program says nothing. With
 * a bearer token it can't be one.
 * @throws HttpRequestError
 */
function refuseOtherSites(request: Request): void {
  if (request.headers.has('authorization')) return;
  const site = request.headers.get('sec-fetch-site') ?? 'none';
  const origin = request.headers.get('origin');
  const host = request.headers.get('host') ?? new URL(request.url).host;
  const isOwn = origin === null || (URL.canParse(origin) && new URL(origin).host === host);
  if (isOwn && (site === 'none' || site === 'same-origin')) return;
  throw new HttpRequestError('HOST', 403, 'A page of another site sends no files here.', {
    remedy: 'Send it from a program, or with a bearer token.',
  });
}

function boundaryOf(type: string): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw malformed();
  return boundary;
}

/** Before they are taken apart, which costs far more for each than for its bytes. */
function refuseManyParts(bytes: Buffer, boundary: string): void {
  const line = Buffer.from(`--${boundary}`);
  let parts = -1;
  for (let at = bytes.indexOf(line); at !== -1; at = bytes.indexOf(line, at + line.length))
    if (++parts > MAX_PARTS)
      throw new HttpRequestError('MULTIPART', 400, `The form has more than ${MAX_PARTS} parts.`, {
        remedy: `Send up to ${MAX_FILES} files at once.`,
      });
}

async function parse(bytes: Buffer, type: string): Promise<FormData> {
  try {
    const body = new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
    return await new Response(body, { headers: { 'content-type': type } }).formData();
  } catch (cause) {
    throw malformed(cause);
  }
}

function addField({ fields }: Form, name: string, value: string): void {
  if (name === 'file')
    throw wrongFile('A part "file" has no file name, so it is a field and not a file.');
  if (value.length > MAX_FIELD_CHARS)
    throw new HttpRequestError(
      'MULTIPART',
      400,
      `The field "${shown(name)}" has more than ${MAX_FIELD_CHARS} characters.`,
      { remedy: 'Send long texts as files.' },
    );
  if (!Object.hasOwn(fields, name)) Object.defineProperty(fields, name, entry([]));
  fields[name]?.push(value);
}

/** A field may be called `__proto__`. */
const entry = (value: string[]) => ({ value, enumerable: true, writable: true });

async function readFile(field: string, file: File): Promise<TaskFile> {
  if (field !== 'file')
    throw wrongFile(`A file came as "${shown(field)}", it has to be called "file".`);
  const { name } = file;
  const isPath = /[/\\]/.test(name) || name === '.' || name === '..';
  if (name === '' || name.length > MAX_NAME_CHARS || isPath || /\p{Cc}/u.test(name))
    throw wrongFile(
      `"${shown(name)}" can't be the name of a file.`,
      `Give it one of 1 to ${MAX_NAME_CHARS} characters, without folders.`,
    );
  if (file.size === 0) throw wrongFile(`The file "${shown(name)}" is empty.`, 'Leave it out.');
  const mediaType = /^[\w.+-]{1,100}\/[\w.+-]{1,100}/.exec(file.type)?.[0] ?? null;
  return { name: name.toWellFormed(), mediaType, bytes: await file.bytes() };
}

/** What somebody else wrote, as a message may hold it. */
function shown(name: string): string {
  return name
    .slice(0, 60)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '\u{FFFD}');
}

function wrongFile(message: string, remedy = 'Send one or more parts "file", each with a name.') {
  return new HttpRequestError('FILE', 400, message, { remedy });
}

function malformed(cause?: unknown): HttpRequestError {
  return new HttpRequestError('MULTIPART', 400, "The form can't be read as multipart/form-data.", {
    remedy: 'Let a library write it, with the boundary in the content type.',
    cause,
  });
}
