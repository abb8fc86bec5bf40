/** What the name of a file tells about its document: `2024-01-15_Smith_On-Tides.pdf`. Pure. */
import path from 'node:path';

export interface NamedFields {
  published?: string;
  author?: string;
  title?: string;
}

const DATED = /^(\d{4})-?(\d{2})-?(\d{2})[_ -]+(?=\S)/;

/**
 * Reads `DATE_AUTHOR_TITLE` and `DATE_TITLE`, where the date is `2024-01-15` or `20240115` and `_` stands between. A name
 * without a date tells nothing: nobody knows whether its parts are an author and a title.
 * @param name with or without folders
 */
export function readFileName(name: string): NamedFields {
  const base = stem(name);
  const [head, year = '', month = '', day = ''] = DATED.exec(base) ?? [];
  if (head === undefined) return {};
  const published = `${year}-${month}-${day}`;
  if (!isDate(published)) return {};
  const parts = base.slice(head.length).split('_').map(spaced).filter(Boolean);
  const [first, ...rest] = parts;
  if (first === undefined) return { published };
  return rest.length === 0
    ? { published, title: first }
    : { published, author: first, title: rest.join(' ') };
}

/** `guides/on-tides.md` → `on tides`. */
export function titleOfName(name: string): string {
  const base = stem(name);
  return base.split('_').map(spaced).join(' ').trim() || base;
}

function stem(name: string): string {
  return path.posix.parse(name.replaceAll('\\', '/')).name;
}

/** `On-Tides` → `On Tides`; a name that has blanks has its hyphens on purpose. */
function spaced(part: string): string {
  const trimmed = part.trim();
  return trimmed.includes(' ') ? trimmed : trimmed.replaceAll('-', ' ').trim();
}

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
