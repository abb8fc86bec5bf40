import { describe, expect, it } from 'vitest';
import { DEFAULT_EXTRACT_LIMITS } from '../extracted.ts';
import { extractHtml } from './index.ts';

const extract = (html: string | Uint8Array, mediaType: string | null = null) =>
  extractHtml(
    { bytes: typeof html === 'string' ? Buffer.from(html) : html, name: null, mediaType },
    DEFAULT_EXTRACT_LIMITS,
  );
const textOf = (html: string) => extract(html).text;

describe('extractHtml', () => {
  it('keeps the content of a page, and not what is around it', () => {
    const html = `<!doctype html><html><head><title>Tides | Site</title></head><body>
      <header><h1>The Site</h1><nav><a href="/">Home</a></nav></header>
      <div id="cookie-banner">We use cookies</div>
      <div class="layout"><ul><li><a href="a">A</a><li><a href="b">B</a><li><a href="c">C</a><li><a href="d">D</a></ul>
      <main><h1>Tides</h1><p>The <a href="https://x.test/moon">moon</a> <b>pulls</b> the sea.</p>
      <p hidden>secret</p><p style="color:red; display: none">gone</p><script>code()</script>
      <img src="a.png" alt="A beach at low tide"></main></div>
      <footer>All rights</footer></body></html>`;
    expect(textOf(html)).toBe('# Tides\n\nThe moon pulls the sea.\n\nA beach at low tide');
  });

  it('finds the block of the text where nothing is marked', () => {
    const words = 'The sea rises and falls twice a day. '.repeat(20).trim();
    const html = `<table><tr><td><a href=1>one</a><br><a href=2>two</a></td>
      <td><font>June 2021<br><br>${words}<br>\n<br>And so on.</font></td></tr></table>`;
    expect(textOf(html)).toBe(`June 2021\n\n${words}\n\nAnd so on.`);
  });

  it('takes what there is of a page of links', () => {
    expect(textOf('<nav><a href=1>one</a></nav><ul><li><a href=2>two</a></ul>')).toBe('- two');
  });

  it('writes headings, lists, quotes, code and rules as Markdown', () => {
    const html = `<h2>A <em>heading</em></h2><ol start=3><li>three<ul><li>deep</ul><li>four</ol>
      <blockquote>said</blockquote><pre class="language-ts"><code>const a = '<b>';\n\n  # no heading</code></pre><hr>
      <p># no heading<br>1. no list<br>a_b * c_d [x]</p>`.replace("'<b>'", "'&lt;b>'");
    expect(textOf(html)).toBe(
      [
        '## A heading',
        '3. three\n   - deep\n4. four',
        '> said',
        "```ts\nconst a = '<b>';\n\n  # no heading\n```",
        '---',
        '\\# no heading\n1\\. no list\na_b * c_d [x]',
      ].join('\n\n'),
    );
  });

  it('takes an item without a list for one', () => {
    expect(textOf('<p>a</p><li>one<br>more</li><p>b</p>')).toBe('a\n\n- one\n  more\n\nb');
  });

  it('makes tables of tables, and text of those for layout', () => {
    const data = `<table><caption>Tides</caption><tr><th>Port</th><th colspan=2>Height</th></tr>
      <tr><td>A | B</td><td>1<br>m</td><td><ul><li>x</li></ul></td></tr></table>`;
    expect(textOf(data)).toBe(
      'Tides\n\n| Port | Height |  |\n| --- | --- | --- |\n| A \\| B | 1 m | x |',
    );
    const layout = `<main><table><tr><td><h1>Left</h1></td><td><p>${'long '.repeat(300)}</p></td></tr>
      <tr><td>a</td><td><table><tr><td>k</td><td>v</td></tr><tr><td>1</td><td>2</td></tr></table></td></tr></table></main>`;
    expect(textOf(layout)).toContain('# Left\n\nlong long');
    expect(textOf(layout)).toContain('| k | v |\n| --- | --- |\n| 1 | 2 |');
  });

  it('reads what the head says', () => {
    const head = `<title> Tides
      | Site</title><meta property="og:title" content="Tides"><meta name=author content="Ada">
      <meta property="article:published_time" content="2024-01-15T22:00:00Z">
      <meta name=keywords content="sea, moon,sea">`;
    expect(extract(`<html><head>${head}</head><body><p>text</body>`)).toMatchObject({
      title: 'Tides',
      author: 'Ada',
      published: '2024-01-15',
      tags: ['sea', 'moon'],
    });
  });

  it('finds the charset late, and among several', () => {
    const body = Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2, 0x2c, 0x20, 0xec, 0xe8, 0xf0]);
    const page = (head: string) =>
      Buffer.concat([Buffer.from(`<html><head>${head}</head><body>`), body]);
    const late = `<!-- ${'x'.repeat(5_000)} <meta charset=koi8-r> --><meta charset=windows-1251>`;
    expect(extract(page(late)).text).toBe('Привет, мир');
    const two =
      '<meta charset=utf-8><meta http-equiv=content-type content="text/html; charset=cp1251">';
    expect(extract(page(two)).text).toBe('Привет, мир');
    expect(extract(page(''), 'text/html; charset=windows-1251').text).toBe('Привет, мир');
  });

  it('says why there is no text', () => {
    const fault = (kind: string) => expect.objectContaining({ fault: kind });
    expect(() => extract('<html><body><nav>x</nav></body></html>')).toThrow(fault('empty'));
    expect(() => extract('<html><body><img src=a></body></html>')).toThrow(fault('no-text'));
    expect(() => extract('<div>'.repeat(5_000) + 'deep')).toThrow(fault('too-large'));
  });
});
