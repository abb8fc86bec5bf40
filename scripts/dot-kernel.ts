/**
 * Assembles the WebAssembly that scores rows of int8 (`src/ranking/dot-rows.ts`) from the listing below, and writes it as a module of bytes. The listing is the
 * text form: names of instructions are those of the WebAssembly specification, each line one instruction.
 *
 *     node scripts/dot-kernel.ts        writes src/ranking/dot-kernel.ts
 *
 * `dot(query, rows, out, count, width)`: offsets of `width` 16-bit numbers, of `count` rows of as many bytes one after the other, and of a 32-bit result for
 * each row; `count` is a multiple of 4 and above 0, `width` one of 16. Four rows at a time share what is read of the query. All in integers, so exact as
 * long as 128 · width · the largest number of the query is below 2³¹.
 */
import { writeFileSync } from 'node:fs';

const ROWS_AT_ONCE = 4;
/** Parameters and locals, by their numbers. */
const LOCAL = {
  query: 0,
  rows: 1,
  out: 2,
  count: 3,
  width: 4,
  at: 5,
  end: 6,
  row: 7,
  bytes: 8,
  queryLow: 9,
  queryHigh: 10,
  sum0: 11,
  sum1: 12,
  sum2: 13,
  sum3: 14,
} as const;
const INTEGER_LOCALS = 3;
const VECTOR_LOCALS = 7;

const OPCODE: Record<string, readonly number[]> = {
  loop: [0x03, 0x40],
  end: [0x0b],
  br_if: [0x0d],
  'local.get': [0x20],
  'local.set': [0x21],
  'local.tee': [0x22],
  'i32.store': [0x36, 0x02],
  'i32.const': [0x41],
  'i32.lt_u': [0x49],
  'i32.add': [0x6a],
  'i32.sub': [0x6b],
  'i32.shl': [0x74],
  'v128.load': [0xfd, 0x00, 0x00],
  'v128.const zero': [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0)],
  'i32x4.extract_lane': [0xfd, 0x1b],
  'i16x8.extend_low_i8x16_s': [0xfd, 0x87, 0x01],
  'i16x8.extend_high_i8x16_s': [0xfd, 0x88, 0x01],
  'i32x4.add': [0xfd, 0xae, 0x01],
  'i32x4.dot_i16x8_s': [0xfd, 0xba, 0x01],
};

const ROWS = Array.from({ length: ROWS_AT_ONCE }, (_, i) => i);
const LISTING = `
  loop                                  ;; four rows
    local.get query
    local.tee at
    local.get width
    i32.const 1
    i32.shl
    i32.add
    local.set end
${ROWS.map((i) => `    v128.const zero\n    local.set sum${i}`).join('\n')}
    loop                                ;; 16 numbers of each
      local.get at
      v128.load 0
      local.set queryLow
      local.get at
      v128.load 16
      local.set queryHigh
      local.get rows
      local.set row
${ROWS.map(
  (i) => `      local.get row
      v128.load 0
      local.tee bytes
      i16x8.extend_low_i8x16_s
      local.get queryLow
      i32x4.dot_i16x8_s
      local.get bytes
      i16x8.extend_high_i8x16_s
      local.get queryHigh
      i32x4.dot_i16x8_s
      i32x4.add
      local.get sum${i}
      i32x4.add
      local.set sum${i}
      local.get row
      local.get width
      i32.add
      local.set row`,
).join('\n')}
      local.get rows
      i32.const 16
      i32.add
      local.set rows
      local.get at
      i32.const 32
      i32.add
      local.tee at
      local.get end
      i32.lt_u
      br_if 0
    end
${ROWS.map(
  (i) => `    local.get out
    local.get sum${i}
    i32x4.extract_lane 0
    local.get sum${i}
    i32x4.extract_lane 1
    i32.add
    local.get sum${i}
    i32x4.extract_lane 2
    i32.add
    local.get sum${i}
    i32x4.extract_lane 3
    i32.add
    i32.store ${4 * i}`,
).join('\n')}
    local.get rows                      ;; past the first row now: three more
    local.get width
    i32.add
    local.get width
    i32.const 1
    i32.shl
    i32.add
    local.set rows
    local.get out
    i32.const 16
    i32.add
    local.set out
    local.get count
    i32.const 4
    i32.sub
    local.tee count
    br_if 0
  end
  end
`;

function assemble(listing: string): number[] {
  return listing.split('\n').flatMap((line) => {
    const code = line.replace(/;;.*/, '').trim();
    if (code === '') return [];
    const whole = OPCODE[code];
    if (whole !== undefined) return whole;
    const [name = '', operand = ''] = code.split(' ');
    const opcode = OPCODE[name];
    if (opcode === undefined) throw new Error(`no such instruction: ${code}`);
    const local: number | undefined = LOCAL[operand as keyof typeof LOCAL];
    return [...opcode, ...(local === undefined ? signed(Number(operand)) : [local])];
  });
}

/** LEB128 of small numbers, which reads the same signed and unsigned. */
function signed(number: number): number[] {
  if (!(number >= 0 && number < 64)) throw new Error(`${number} takes more than a byte`);
  return [number];
}

function unsigned(number: number): number[] {
  return number < 128 ? [number] : [(number & 127) | 128, ...unsigned(number >> 7)];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function exported(name: string, kind: number): number[] {
  return [name.length, ...Buffer.from(name), kind, 0];
}

const I32 = 0x7f;
const V128 = 0x7b;

/** The whole module: it has a memory of its own, of one page, which its user lets grow. */
export function dotKernel(): Uint8Array {
  const code = assemble(LISTING);
  const body = [2, INTEGER_LOCALS, I32, VECTOR_LOCALS, V128, ...code];
  return Uint8Array.from([
    ...Buffer.from('\0asm\x01\0\0\0'),
    ...section(1, [1, 0x60, 5, I32, I32, I32, I32, I32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...exported('memory', 2), ...exported('dot', 0)]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

if (import.meta.main) {
  const base64 = Buffer.from(dotKernel()).toString('base64');
  const lines = base64.match(/.{1,88}/g)?.map((line) => `  '${line}'`) ?? [];
  writeFileSync(
    'src/ranking/dot-kernel.ts',
    `/** WebAssembly, ${dotKernel().length} bytes in base64. Made by \`scripts/dot-kernel.ts\`, where its text form is. */\nexport const DOT_KERNEL =\n${lines.join(' +\n')};\n`,
  );
}
