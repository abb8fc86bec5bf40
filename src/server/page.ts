/**
 * The pages that people see: their files are read once and put into one HTML document each, which loads nothing from
 * anywhere. The policy allows exactly the style and the script that are in it, by their hashes.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface Assets {
  html: string;
  style: string;
  script: string;
}

/** Modules of the page, each after those it imports. */
const MODULES = ['dom.js', 'transport.js', 'status.js', 'hits.js', 'search.js', 'main.js'];

const STYLES = ['base.css', 'search.css', 'state.css', 'docs.css'];

export function readAssets(): Assets {
  const read = (name: string) => readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8');
  return {
    html: read('index.html'),
    style: STYLES.map(read).join('\n'),
    script: MODULES.map((name) => withoutModuleSyntax(read(name))).join('\n'),
  };
}

/** Imports between the files are for editors and linters; in the page they share one module's scope. */
function withoutModuleSyntax(source: string): string {
  return source.replaceAll(/^import [^;]*;\n/gm, '').replaceAll(/^export /gm, '');
}

export function renderPage(assets: Assets, examples: readonly string[]): () => Response {
  const items = examples.map((query) => {
    const href = `?q=${encodeURIComponent(query)}`;
    return `<li><a class="example" href="${href}">${escapeHtml(query)}</a></li>`;
  });
  return htmlAnswer(fillIn(assets.html, { examples: items.join('') }), assets);
}

/** `html` has `<style></style>` and `<script type="module"></script>` where its own go. */
export function htmlAnswer(
  html: string,
  parts: { style: string; script?: string },
): () => Response {
  const body = html
    .replace('<style></style>', () => `<style>${parts.style}</style>`)
    .replace('<script type="module"></script>', () =>
      parts.script === undefined ? '' : `<script type="module">${parts.script}</script>`,
    );
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(parts.style)}`,
    parts.script === undefined ? "script-src 'none'" : `script-src ${hashOf(parts.script)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return () =>
    new Response(body, {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'content-security-policy': policy,
      },
    });
}

export function fillIn(html: string, values: Readonly<Record<string, string>>): string {
  return html.replaceAll(/<!--(\w+)-->/g, (whole, name: string) => values[name] ?? whole);
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
