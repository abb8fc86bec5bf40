/** A book for tests, made of what is given. */
import { strToU8, zipSync } from 'fflate';

const CONTAINER =
  '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="book/package.opf"/></rootfiles></container>';
const METADATA =
  '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>On Tides</dc:title><dc:creator>Ada Smith</dc:creator><dc:creator>Bo</dc:creator><dc:date>2024-01-15T00:00:00Z</dc:date><dc:subject>sea</dc:subject></metadata>';

/**
 * @param chapters bodies by file name
 * @param order in which they are read; may name some that are not there
 */
export function epubFile(
  chapters: Record<string, string>,
  order: readonly string[],
  more: Record<string, Uint8Array> = {},
): Uint8Array {
  const item = (name: string, at: number) =>
    `<item id="c${at}" href="${encodeURIComponent(name)}" media-type="application/xhtml+xml"/>`;
  const references = order.map((_, at) => `<itemref idref="c${at}"/>`).join('');
  const opf = `<package xmlns="http://www.idpf.org/2007/opf">${METADATA}<manifest>${order.map(item).join('')}</manifest><spine>${references}</spine></package>`;
  const pages = Object.entries(chapters).map(([name, body]) => {
    const page = `<?xml version="1.0"?><html><head><title>x</title></head><body>${body}</body></html>`;
    return [`book/${name}`, strToU8(page)] as const;
  });
  return zipSync({
    mimetype: strToU8('application/epub+zip'),
    'META-INF/container.xml': strToU8(CONTAINER),
    'book/package.opf': strToU8(opf),
    ...Object.fromEntries(pages),
    ...more,
  });
}
