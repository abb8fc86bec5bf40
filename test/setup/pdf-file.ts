/** Writes small PDF files by hand, for tests: text at places, in Helvetica, encrypted if asked (RC4, 40 bits, as PDF 1.3 has it). */
import { createHash } from 'node:crypto';

export interface PdfText {
  /** Points from the left and from the bottom; a page is 612 × 792. */
  x: number;
  y: number;
  text: string;
  /** Default 10. */
  size?: number;
  isBold?: boolean;
  /** Degrees, against the clock. */
  angle?: number;
}

/** A page: texts, and operators as they are. */
export type PdfPageContent = readonly (PdfText | string)[];

export interface PdfOptions {
  info?: Readonly<Record<string, string>>;
  outline?: readonly string[];
  /** On the first page: fields of a form, filled in. */
  fields?: readonly { x: number; y: number; value: string; isPassword?: boolean }[];
  /** An empty user password opens without one. */
  encryption?: { userPassword: string; permissions: number };
}

const PADDING = Buffer.from(
  '28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a',
  'hex',
);
const FILE_ID = Buffer.from('0123456789abcdef0123456789abcdef', 'hex');

export function pdfFile(pages: readonly PdfPageContent[], options: PdfOptions = {}): Uint8Array {
  const encryption = options.encryption && encryptionOf(options.encryption);
  const objects: Buffer[] = [];
  const add = (body: string | Buffer): number =>
    objects.push(Buffer.from(body as string, 'latin1'));
  // 1: catalog, 2: pages, 3 and 4: fonts. Written first, so that their numbers are known.
  for (let reserved = 0; reserved < 2; reserved += 1) add('');
  for (const font of ['Helvetica', 'Helvetica-Bold']) {
    add(`<</Type/Font/Subtype/Type1/BaseFont/${font}/Encoding/WinAnsiEncoding>>`);
  }
  let formFields = '';
  const kids = pages.map((page) => {
    const plain = Buffer.from(page.map(contentOf).join('\n'), 'latin1');
    const content = encryption ? encryption.encrypt(plain, objects.length + 1) : plain;
    const stream = add(
      Buffer.concat([
        Buffer.from(`<</Length ${content.length}>>\nstream\n`),
        content,
        Buffer.from('\nendstream'),
      ]),
    );
    const isFirst = formFields === '';
    if (isFirst) formFields = fieldsOf(options.fields ?? [], add);
    const widgets = isFirst ? formFields : '';
    return add(
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents ${stream} 0 R` +
        `/Resources<</Font<</F1 3 0 R/F2 4 0 R>>>>${widgets && `/Annots[${widgets}]`}>>`,
    );
  });
  const outlines = options.outline ? addOutline(options.outline, add, objects) : null;
  objects[0] = Buffer.from(
    `<</Type/Catalog/Pages 2 0 R${outlines === null ? '' : `/Outlines ${outlines} 0 R`}` +
      `${formFields === '' ? '' : `/AcroForm<</Fields[${formFields}]/DA(/F1 10 Tf)>>`}>>`,
  );
  objects[1] = Buffer.from(
    `<</Type/Pages/Count ${kids.length}/Kids[${kids.map((kid) => `${kid} 0 R`).join(' ')}]>>`,
  );
  const trailer: string[] = ['/Root 1 0 R'];
  if (options.info) {
    const fields = Object.entries(options.info).map(([key, value]) => `/${key}(${literal(value)})`);
    trailer.push(`/Info ${add(`<<${fields.join('')}>>`)} 0 R`);
  }
  if (encryption) {
    trailer.push(`/Encrypt ${add(encryption.dictionary)} 0 R`);
    trailer.push(`/ID[<${FILE_ID.toString('hex')}><${FILE_ID.toString('hex')}>]`);
  }
  return fileOf(objects, trailer.join(''));
}

function fileOf(objects: readonly Buffer[], trailer: string): Uint8Array {
  const parts: Buffer[] = [Buffer.from('%PDF-1.4\n')];
  const offsets: number[] = [];
  let length = 9;
  for (const [index, body] of objects.entries()) {
    const part = Buffer.concat([
      Buffer.from(`${index + 1} 0 obj\n`),
      body,
      Buffer.from('\nendobj\n'),
    ]);
    offsets.push(length);
    length += part.length;
    parts.push(part);
  }
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
  const size = objects.length + 1;
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${rows.join('')}` +
        `trailer\n<</Size ${size}${trailer}>>\nstartxref\n${length}\n%%EOF\n`,
    ),
  );
  return new Uint8Array(Buffer.concat(parts));
}

function contentOf(part: PdfText | string): string {
  if (typeof part === 'string') return part;
  const { x, y, text, size = 10, isBold = false, angle = 0 } = part;
  const [cos, sin] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  const matrix = [cos, sin, -sin, cos].map((each) => each.toFixed(5)).join(' ');
  return `BT /${isBold ? 'F2' : 'F1'} ${size} Tf ${matrix} ${x} ${y} Tm (${literal(text)}) Tj ET`;
}

/** References to them. */
function fieldsOf(
  fields: NonNullable<PdfOptions['fields']>,
  add: (body: string) => number,
): string {
  const numbers = fields.map(({ x, y, value, isPassword }, at) =>
    add(
      `<</Type/Annot/Subtype/Widget/FT/Tx/T(f${at})/V(${literal(value)})/DA(/F1 10 Tf)` +
        `/Ff ${isPassword ? 8192 : 0}/Rect[${x} ${y} ${x + 200} ${y + 14}]>>`,
    ),
  );
  return numbers.map((number) => `${number} 0 R`).join(' ');
}

function literal(text: string): string {
  return text.replaceAll(/[\\()]/g, String.raw`\$&`);
}

function addOutline(
  titles: readonly string[],
  add: (body: string) => number,
  objects: readonly Buffer[],
): number {
  const root = objects.length + 1;
  const last = root + titles.length;
  add(`<</Type/Outlines/First ${root + 1} 0 R/Last ${last} 0 R/Count ${titles.length}>>`);
  for (const [index, title] of titles.entries()) {
    const own = root + 1 + index;
    const next = own < last ? `/Next ${own + 1} 0 R` : '';
    add(`<</Title(${literal(title)})/Parent ${root} 0 R${next}>>`);
  }
  return root;
}

/** Algorithms 1, 2, 3 and 4 of the PDF reference, revision 2 of the standard handler. */
function encryptionOf({ userPassword, permissions }: NonNullable<PdfOptions['encryption']>) {
  const owner = rc4(md5(padded('owner')).subarray(0, 5), padded(userPassword));
  const flags = Buffer.alloc(4);
  flags.writeInt32LE(permissions);
  const key = md5(Buffer.concat([padded(userPassword), owner, flags, FILE_ID])).subarray(0, 5);
  const user = rc4(key, PADDING);
  return {
    dictionary:
      `<</Filter/Standard/V 1/R 2/Length 40/P ${permissions}` +
      `/O<${owner.toString('hex')}>/U<${user.toString('hex')}>>>`,
    encrypt(plain: Buffer, object: number): Buffer {
      const suffix = Buffer.from([object & 255, (object >> 8) & 255, (object >> 16) & 255, 0, 0]);
      return rc4(md5(Buffer.concat([key, suffix])).subarray(0, 10), plain);
    },
  };
}

function padded(password: string): Buffer {
  return Buffer.concat([Buffer.from(password, 'latin1'), PADDING]).subarray(0, 32);
}

function md5(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest();
}

function rc4(key: Buffer, bytes: Buffer): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  const swap = (a: number, b: number) => {
    [state[a], state[b]] = [state[b] ?? 0, state[a] ?? 0];
  };
  for (let i = 0, j = 0; i < 256; i += 1) {
    j = (j + (state[i] ?? 0) + (key[i % key.length] ?? 0)) & 255;
    swap(i, j);
  }
  let [i, j] = [0, 0];
  return Buffer.from(
    bytes.map((byte) => {
      i = (i + 1) & 255;
      j = (j + (state[i] ?? 0)) & 255;
      swap(i, j);
      return byte ^ (state[((state[i] ?? 0) + (state[j] ?? 0)) & 255] ?? 0);
    }),
  );
}
