/** Which charsets a page says it is in: pages say it late, twice, and differently. */

/** Browsers give up after 1,024 bytes; scripts and comments often stand before it. */
const SCANNED_BYTES = 256 * 1024;
const DECLARATIONS = [
  /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w:.-]+)/gi,
  /<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([\w:.-]+)/gi,
];

/** As written, in their order, each once. */
export function declaredCharsets(bytes: Uint8Array): string[] {
  const head = Buffer.from(bytes.subarray(0, SCANNED_BYTES)).toString('latin1');
  const visible = head.replace(/<!--[\s\S]*?-->|<(script|style)\b[\s\S]*?<\/\1\s*>/gi, '');
  const found = DECLARATIONS.flatMap((pattern) =>
    Array.from(visible.matchAll(pattern), ([, label = '']) => label.toLowerCase()),
  );
  return [...new Set(found)];
}
