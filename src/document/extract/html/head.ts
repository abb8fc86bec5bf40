/** What a page says of itself: title, author, date, tags. */
import type { CheerioAPI } from 'cheerio';
import { isoDate } from '../front-matter.ts';

/** Names of `meta`, as `name`, `property` or `itemprop`; the likeliest to be the author's own first. */
const TITLE = ['og:title', 'citation_title', 'dc.title', 'dcterms.title', 'twitter:title'];
const AUTHOR = ['author', 'citation_author', 'dc.creator', 'dcterms.creator', 'article:author'];
const PUBLISHED = [
  'article:published_time',
  'citation_publication_date',
  'citation_date',
  'datepublished',
  'dc.date',
  'dcterms.date',
  'dcterms.created',
  'date',
  'pubdate',
  'publish-date',
];
const TAGS = ['keywords', 'article:tag', 'citation_keywords'];
const MAX_CHARS = 500;

export interface Head {
  title: string | null;
  author: string | null;
  published: string | null;
  tags: string[];
}

export function readHead($: CheerioAPI): Head {
  const metas = readMetas($);
  const all = (names: readonly string[]) => names.flatMap((name) => metas.get(name) ?? []);
  const title = all(TITLE)[0] ?? (oneLine($('head title').first().text()) || null);
  // A profile's address is no name.
  const names = AUTHOR.map((name) => all([name]).filter((one) => !/^https?:/.test(one)));
  const author = names.find((one) => one.length > 0)?.join(', ') ?? null;
  const dates = [...all(PUBLISHED), ...articleDates($)];
  const published = dates.map(isoDate).find((date) => date !== null) ?? null;
  const tags = all(TAGS).flatMap((list) => list.split(/[,;]/).flatMap((tag) => tag.trim() || []));
  return { title, author, published, tags: [...new Set(tags)] };
}

function readMetas($: CheerioAPI): Map<string, string[]> {
  const metas = new Map<string, string[]>();
  for (const meta of $('meta[content]').toArray()) {
    const { name, property, itemprop, content = '' } = meta.attribs;
    const value = oneLine(content);
    const key = (name ?? property ?? itemprop ?? '').toLowerCase();
    if (value !== '') metas.set(key, [...(metas.get(key) ?? []), value]);
  }
  return metas;
}

function articleDates($: CheerioAPI): string[] {
  const marked = $('[itemprop="datePublished"][datetime], time[pubdate][datetime]').first();
  const only = $('article time[datetime]');
  const datetimes = [marked, ...(only.length === 1 ? [only] : [])];
  return datetimes.flatMap((one) => one.attr('datetime') ?? []);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, MAX_CHARS);
}
