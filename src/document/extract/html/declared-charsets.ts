/** Which charsets a page says it is in: pages say it late, twice, and differently. */

/** Browsers give up after 1,024 bytes; scripts and comments often stand before it. */
const SCANNED_BYTES = 256 * 1024;
const XML = /^\s*<\?xml\s[^>]{0,200}?\bencoding\s*=\s*["']([\w:.-]+)/i;
const META = /\bcharset\s*=\s*["']?\s*([\w:.-]+)/i;
/** What a declaration in it does not count. */
const SKIPPED = [
  ['<!--', '-->'],
  ['<script', '</script'],
  ['<style', '</style'],
] as const;

/** As written, in their order, each once. */
export function declaredCharsets(bytes: Uint8Array): string[] {
  const head = Buffer.from(bytes.subarray(0, SCANNED_BYTES)).toString('latin1').toLowerCase();
  const found = [XML.exec(head)?.[1] ?? []].flat();
  // By steps: patterns that skip comments take time in the square where one is not closed.
  for (let at = head.indexOf('<'); at !== -1; at = head.indexOf('<', at + 1)) {
    const skipped = SKIPPED.find(([start]) => head.startsWith(start, at));
    if (skipped !== undefined) {
      const end = head.indexOf(skipped[1], at);
      if (end === -1) break;
      at = end;
    } else if (head.startsWith('<meta', at)) {
      const end = head.indexOf('>', at);
      if (end === -1) break;
      const label = META.exec(head.slice(at, end))?.[1];
      if (label !== undefined) found.push(label);
      at = end;
    }
  }
  return [...new Set(found)];
}
