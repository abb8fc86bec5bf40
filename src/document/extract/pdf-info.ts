/**
 * What a PDF says of itself, as far as it makes sense: programs fill in names of files, of templates and of themselves.
 */

export interface PdfInfo {
  title: string | null;
  author: string | null;
  published: string | null;
  tags: string[];
  subject: string | null;
}

const FILE = /\.(?:pdf|docx?|odt|rtf|tex|dvi|ps|indd|qxd|pptx?|xlsx?|pages|key|html?|txt)$/i;
const PROGRAM =
  /^(?:microsoft (?:word|powerpoint|excel)|powerpoint presentation|adobe|print|layout)\b/i;
const PLACEHOLDER =
  /^(?:untitled|no title|title|document|presentation|slide|book|workbook|arbeitsblatt|unbenannt|scan|doc|page|img|image)[\s_-]*\d*$/i;
const TEMPLATE = /use style:|paper title|type (?:the )?(?:document )?title|insert title/i;
const NOBODY =
  /^(?:user|users?\d*|admin(?:istrator)?|owner|root|unknown|anonymous|author|guest|test|default|n\/?a|pc|office|scanner)$/i;

/** @param info as pdf.js gives it: anything may be missing or of another type */
export function infoOf(info: Readonly<Record<string, unknown>>): PdfInfo {
  const rawTitle = textOf(info['Title']);
  const isTemplate = rawTitle !== null && TEMPLATE.test(rawTitle);
  const author = textOf(info['Author']);
  return {
    title: isTemplate || rawTitle === null || !isTitle(rawTitle) ? null : rawTitle,
    // Who wrote the template did not write the document.
    author: isTemplate || author === null || NOBODY.test(author) ? null : author,
    published: dateOf(info['CreationDate']),
    tags: tagsOf(info['Keywords']),
    subject: textOf(info['Subject']),
  };
}

function isTitle(title: string): boolean {
  const isJunk = FILE.test(title) || PROGRAM.test(title) || PLACEHOLDER.test(title);
  return !isJunk && /\p{L}/u.test(title);
}

function textOf(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const text = value
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return text === '' || text.length > 1_000 ? null : text;
}

/** `D:20190528000751Z`: the day as it is written, whatever its zone. */
function dateOf(value: unknown): string | null {
  const [, year, month = '01', day = '01'] =
    /^(?:D:)?(\d{4})(\d{2})?(\d{2})?/.exec(typeof value === 'string' ? value : '') ?? [];
  if (year === undefined) return null;
  const date = `${year}-${month}-${day}`;
  const time = new Date(`${date}T00:00:00Z`);
  // 1993 is when PDF came to be: an earlier date is that of a clock that was never set.
  const isDate = !Number.isNaN(time.getTime()) && time.toISOString().startsWith(date);
  return isDate && Number(year) >= 1993 ? date : null;
}

function tagsOf(value: unknown): string[] {
  const parts = (textOf(value) ?? '').split(/[,;]/).map((tag) => tag.trim());
  return [...new Set(parts.filter((tag) => tag !== '' && tag.length <= 100))].slice(0, 50);
}
