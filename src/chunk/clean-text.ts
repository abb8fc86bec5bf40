/**
 * What every text goes through before it is stored, hashed, cut or embedded. Offsets of chunks are
 * offsets into the cleaned text, so nothing here may be more than what a store or a model refuses.
 */

/**
 * Removes NUL, which Postgres' `text` cannot hold, and puts U+FFFD in the place of each lone
 * surrogate, which UTF-8 cannot hold. Everything else stays, line ends and blanks too. A clean text
 * comes back as it is; cleaning twice changes nothing more.
 */
export function cleanText(text: string): string {
  // NUL first: it may stand between the halves of a pair.
  const withoutNul = text.includes('\0') ? text.replaceAll('\0', '') : text;
  return withoutNul.toWellFormed();
}
