/** What the headers of an answer say, read with suspicion: they are whatever the server liked to send. Pure. */
import { MIMEType } from 'node:util';

/** As undici gives them: names in lower case, each byte one character. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The first of several. */
export function header(headers: Headers, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

export interface ContentType {
  /** In lower case, without parameters. */
  readonly mediaType: string | null;
  /** In lower case. */
  readonly charset?: string;
}

export function contentType(value: string | null): ContentType {
  try {
    const type = new MIMEType(value ?? '');
    const charset = type.params.get('charset')?.toLowerCase();
    return { mediaType: type.essence, ...(charset !== undefined && { charset }) };
  } catch {
    return { mediaType: null };
  }
}

/** A validator to send back; what could not be a header is dropped. */
export function validator(value: string | null): string | null {
  return value !== null && /^[\x20-\x7e]{1,1024}$/.test(value) ? value : null;
}

const MOST_WAIT_MS = 24 * 3_600_000;

/**
 * @param now ms since the epoch, for the form that is a date
 * @returns ms from now, at most a day; null where nothing readable was said
 */
export function retryAfterMs(value: string | null, now: number): number | null {
  if (value === null) return null;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), MOST_WAIT_MS);
}

/** `max-age` of a Cache-Control header in ms, null where there is none; 0 for what must not be kept. */
export function maxAgeMs(value: string | null): number | null {
  if (value === null) return null;
  if (/\bno-(?:store|cache)\b/i.test(value)) return 0;
  const [, seconds] = /\bmax-age\s*=\s*"?(\d+)/i.exec(value) ?? [];
  return seconds === undefined ? null : Number(seconds) * 1_000;
}

const LONGEST_NAME = 200;

/** What the file is called: by Content-Disposition, else by the last part of the path. Never a path, null for nothing. */
export function fileName(disposition: string | null, url: URL): string | null {
  return (
    plainName(dispositionName(disposition ?? '')) ??
    plainName(percentDecoded(url.pathname.split('/').at(-1) ?? '', 'utf-8'))
  );
}

/** RFC 6266: the extended form first, as it knows more letters. */
function dispositionName(value: string): string | null {
  const [, charset, encoded] = /;\s*filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)/i.exec(value) ?? [];
  if (charset !== undefined && encoded !== undefined) return percentDecoded(encoded, charset);
  const [, quoted, bare] =
    /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i.exec(value) ?? [];
  const name = quoted?.replaceAll(/\\(.)/g, '$1') ?? bare;
  if (name === undefined) return null;
  // Not allowed, but what most servers do.
  const bytes = Buffer.from(name, 'latin1');
  return decoded(bytes, 'utf-8') ?? name;
}

function percentDecoded(text: string, charset: string): string | null {
  const plain = text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  );
  return decoded(Buffer.from(plain, 'latin1'), charset);
}

function decoded(bytes: Buffer, charset: string): string | null {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function plainName(name: string | null): string | null {
  const last = name?.split(/[/\\]/).at(-1) ?? '';
  const clean = last.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '').trim();
  if (clean === '' || /^\.+$/.test(clean)) return null;
  return clean.length <= LONGEST_NAME ? clean : shortened(clean);
}

/** The ending says the type, so it stays. */
function shortened(name: string): string {
  const [ending = ''] = /\.[^.]{1,10}$/.exec(name) ?? [];
  return name.slice(0, LONGEST_NAME - ending.length).toWellFormed() + ending;
}
