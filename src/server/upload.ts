/** What an upload or an import asks for, checked before anything is accepted. Stores nothing. */
import type { TaskFile, TaskKind, TaskOptions } from '../document/index.ts';
import { DocumentError, HttpRequestError } from '../errors/index.ts';
import { describeIssues, readBytes } from './body.ts';
import { importQuery, uploadForm } from './document-schemas.ts';
import type { Engine } from './engine.ts';
import { type Form, readForm } from './multipart.ts';
import { readQuery } from './query.ts';

type Checks = Pick<Engine['documents'], 'checkFields'>;

/** @throws HttpRequestError, DocumentError (field) */
export async function readUpload(
  request: Request,
  maxBytes: number,
  documents: Checks,
): Promise<{ options: TaskOptions; files: TaskFile[] }> {
  const form = await readForm(request, maxBytes);
  const { collection = 'default', origin, on_duplicate, summary, ...told } = readFields(form);
  const { tags, metadata, ...texts } = told;
  const fields = {
    ...without(texts, (value) => value === undefined || value.trim() === ''),
    ...(tags !== undefined && { tags: splitTags(tags) }),
    ...(metadata !== undefined && { metadata: parseObject(metadata) }),
  };
  if (form.files.length > 1 && (origin !== undefined || 'title' in fields))
    throw new HttpRequestError('MULTIPART', 400, 'Several files can’t have one title or origin.', {
      remedy: 'Send that file alone.',
    });
  const checked = documents.checkFields(fields);
  const options = { collection, fields: checked, origin, onDuplicate: on_duplicate, summary };
  return { options, files: form.files };
}

const KINDS: readonly (readonly [RegExp, TaskKind])[] = [
  [/^application\/(x-ndjson|ndjson|jsonl|x-jsonlines) *(;|$)/i, 'jsonl'],
  [/^text\/csv *(;|$)/i, 'csv'],
];

/** @throws HttpRequestError, DocumentError (field) */
export async function readImport(
  request: Request,
  maxBytes: number,
  documents: Checks,
): Promise<{ kind: TaskKind; options: TaskOptions; files: TaskFile[] }> {
  const type = request.headers.get('content-type') ?? '';
  const kind = KINDS.find(([pattern]) => pattern.test(type))?.[1];
  // No page of another site can make a browser send either of them unasked.
  if (kind === undefined)
    throw new HttpRequestError('CONTENT_TYPE', 415, 'That content type is not taken here.', {
      remedy: 'Send lines as application/x-ndjson, or rows as text/csv.',
    });
  const {
    collection = 'default',
    on_duplicate,
    summary,
    ...told
  } = readQuery(request, importQuery);
  const fields = documents.checkFields(without(told, (value) => value === undefined));
  const bytes = await readBytes(request, maxBytes);
  if (bytes.length === 0)
    throw new HttpRequestError('BODY', 400, 'The body is empty.', {
      remedy: 'Send a document per line.',
    });
  const options = { collection, fields, onDuplicate: on_duplicate, summary };
  return { kind, options, files: [{ name: null, mediaType: null, bytes }] };
}

function readFields({ fields }: Form) {
  const twice = Object.keys(fields).find((name) => name !== 'tags' && fields[name]?.length !== 1);
  const flat = Object.fromEntries(
    Object.entries(fields).map(([name, values]) => [name, name === 'tags' ? values : values[0]]),
  );
  const parsed = uploadForm.safeParse(without(flat, (value) => value === ''));
  const fault =
    twice === undefined
      ? parsed.success
        ? null
        : describeIssues(parsed.error)
      : 'a field is given more than once';
  if (parsed.success && fault === null) return parsed.data;
  throw new HttpRequestError('MULTIPART', 400, `The fields are wrong: ${fault}.`, {
    remedy: 'See /docs for the fields.',
  });
}

function without<T>(values: Record<string, T>, isOut: (value: T) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !isOut(value)));
}

function splitTags(tags: readonly string[]): string[] {
  return tags
    .flatMap((text) => text.split(','))
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

/** @throws DocumentError (field) */
function parseObject(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DocumentError('The metadata is not JSON.', {
      fault: 'field',
      remedy: 'Send an object, such as {"language": "en"}.',
      cause,
    });
  }
}
