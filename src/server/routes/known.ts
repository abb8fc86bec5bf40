/** What is named in a path: an id, and 404 where there is nothing of that id that the caller may see. */
import { DOCUMENT_ID, type Tiers } from '../../document/index.ts';
import { DocumentError, HttpRequestError, UnknownDocumentError } from '../../errors/index.ts';
import type { Caller } from '../access.ts';

/** @throws HttpRequestError (404) for what is no id */
export function idOf(params: Readonly<Record<string, string>>, what: string): string {
  const { id = '' } = params;
  if (DOCUMENT_ID.test(id)) return id.toLowerCase();
  throw nothing(what);
}

export function nothing(what: string): HttpRequestError {
  return new HttpRequestError('NOT_FOUND', 404, `There is no such ${what}.`, {
    remedy: 'It may have been deleted, or be none that this token sees.',
  });
}

/** @throws HttpRequestError (404) where the document, or the version of it, is none */
export async function known<T>(answer: Promise<T>): Promise<T> {
  return await answer.catch((error: unknown) => {
    if (error instanceof UnknownDocumentError) throw nothing('document');
    if (error instanceof DocumentError && error.fault === 'version')
      throw nothing('version of this document');
    throw error;
  });
}

export function tiersOf({ tiers }: Caller): Tiers {
  return tiers ?? undefined;
}

/** As the audit log and the versions name who asks. */
export function actorOf({ name }: Caller): string {
  return `http ${name}`;
}

/** JSON has no undefined: what zod types as `string | undefined` is a string or absent. */
export function given<T extends object>(
  values: T,
): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}
