/** From a package's HTML pages to sections of prose. Code, tables of contents and page furniture are left out. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { TextPackage } from './packages.ts';

export interface Section {
  /** The page's title and the section's own heading. */
  readonly heading: string;
  readonly text: string;
}

const DROPPED =
  /<!--[\s\S]*?-->|<(script|style|pre|nav|footer|head|svg|math|button|form)\b[\s\S]*?<\/\1>/gi;
const FURNITURE =
  /<div\b[^>]*class="[^"]*\b(?:navheader|navfooter|related|sphinxsidebar|highlight[^"]*|toctree-wrapper|toc|breadcrumbs|example_code)\b[^"]*"[^>]*>[\s\S]*?<\/div>/gi;
const HEADING = /<h([1-6])\b[^>]*>([\s\S]*?)<\/h\1>/gi;
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ' };

export function readPages(folder: string, source: TextPackage): Section[] {
  const root = path.join(folder, source.name, source.pages);
  return globSync('**/*.{html,html.gz,html.en}', { cwd: root })
    .filter((file) => source.skipped?.test(file) !== true)
    .sort()
    .flatMap((file) => sectionsOf(readText(path.join(root, file))));
}

function readText(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

function sectionsOf(html: string): Section[] {
  const title = plain(/<title[^>]*>([\s\S]*?)<\/title>/i.exec(html)?.[1] ?? '').split(/[—|«]/)[0];
  const body = html.replace(DROPPED, ' ').replace(FURNITURE, ' ');
  const sections: Section[] = [];
  let heading = '';
  let from = 0;
  const take = (to: number) => {
    const text = plain(body.slice(from, to));
    if (text.length > 60) sections.push({ heading: `${title} ${heading}`, text });
  };
  for (const match of body.matchAll(HEADING)) {
    take(match.index);
    heading = plain(match[2] ?? '');
    from = match.index + match[0].length;
  }
  take(body.length);
  return sections;
}

function plain(html: string): string {
  return html
    .replace(/<[^>]+>/g, ' ')
    .replace(/&(#?\w+);/g, (_, name: string) => ENTITIES[name] ?? ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
