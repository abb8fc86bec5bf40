/** The YAML at the head of a Markdown file: which fields of a document it gives. */
import { parse } from 'yaml';

export interface FrontMatter {
  /** What comes after it; the whole text where there is none. */
  body: string;
  title: string | null;
  author: string | null;
  published: string | null;
  tags: string[];
  metadata: Record<string, unknown>;
  warnings: string[];
}

const BLOCK = /^---[ \t]*\r?\n(?:([\s\S]*?)\r?\n)??(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/;
/** More is no front matter, but a document between two rules. */
const MAX_CHARS = 64 * 1024;
const FIELDS = {
  title: ['title'],
  author: ['author', 'authors', 'by'],
  published: ['published', 'date', 'publishDate', 'publish_date', 'pubDate', 'published_at'],
  tags: ['tags', 'tag', 'keywords'],
} as const;

export function readFrontMatter(text: string): FrontMatter {
  const block = text.startsWith('---') ? BLOCK.exec(text.slice(0, MAX_CHARS)) : null;
  if (block === null) return nothing(text);
  let fields: unknown;
  try {
    fields = parse(block[1] ?? '', { logLevel: 'error' });
  } catch {
    // What it says is kept, as text.
    return {
      ...nothing(text),
      warnings: ['the front matter is no valid YAML and is left as text'],
    };
  }
  const body = text.slice(block[0].length).replace(/^(?:[ \t]*\r?\n)+/, '');
  if (fields === null || fields === undefined) return nothing(body);
  // A text between two rules.
  if (typeof fields !== 'object' || Array.isArray(fields)) return nothing(text);
  return { ...nothing(body), ...pickFields(fields as Record<string, unknown>) };
}

function nothing(body: string): FrontMatter {
  return {
    body,
    title: null,
    author: null,
    published: null,
    tags: [],
    metadata: {},
    warnings: [],
  };
}

function pickFields(fields: Record<string, unknown>) {
  const warnings: string[] = [];
  const rest = { ...fields };
  const take = (names: readonly string[]): unknown => {
    const name = names.find((one) => rest[one] !== undefined && rest[one] !== null);
    if (name === undefined) return null;
    const value = rest[name];
    delete rest[name];
    return value;
  };
  const title = scalar(take(FIELDS.title));
  const author = listed(take(FIELDS.author)).join(', ') || null;
  const date = scalar(take(FIELDS.published));
  const published = date === null ? null : isoDate(date);
  if (date !== null && published === null) warnings.push('the date of the front matter is none');
  const tags = [...new Set(listed(take(FIELDS.tags)))];
  return { title, author, published, tags, metadata: jsonOf(rest), warnings };
}

function scalar(value: unknown): string | null {
  if (typeof value === 'string') return value.trim() || null;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

/** `a, b`, `[a, b]` and `[{ name: a }]` are the same. */
function listed(value: unknown): string[] {
  if (typeof value === 'string') return value.split(',').flatMap((one) => one.trim() || []);
  if (Array.isArray(value)) return value.flatMap((one) => (Array.isArray(one) ? [] : listed1(one)));
  return listed1(value);
}

function listed1(value: unknown): string[] {
  const one =
    typeof value === 'object' && value !== null ? (value as { name?: unknown }).name : value;
  return scalar(one) === null ? [] : [scalar(one) as string];
}

/** What JSON can't hold, as `.inf`, becomes null; a map with keys that are no strings, strings. */
function jsonOf(fields: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(fields)) as Record<string, unknown>;
}

/**
 * The day that a date names, as it is written: no shift of zones.
 * @returns yyyy-mm-dd, or null for what is no date
 */
export function isoDate(written: string): string | null {
  const [, year, month, day] = /^\s*(\d{4})-?(\d{2})-?(\d{2})(?!\d)/.exec(written) ?? [];
  const iso = year === undefined ? wordedDate(written) : `${year}-${month}-${day}`;
  if (iso === null) return null;
  const time = Date.parse(`${iso}T00:00:00Z`);
  // The 30th of February is the 1st of March for Date.
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== iso ? null : iso;
}

/** `15 January 2024`, `Mon, 15 Jan 2024 10:00:00 GMT`: with a month in letters, since `1/2/2024` is two dates. */
function wordedDate(written: string): string | null {
  if (!/[a-z]{3}/i.test(written) || !/\d{4}/.test(written)) return null;
  const date = new Date(written);
  if (Number.isNaN(date.getTime())) return null;
  // Local, as a date without a zone was read.
  const [year, month, day] = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
