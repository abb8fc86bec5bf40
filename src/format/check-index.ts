/** Checks that the numbers in an index's sections refer to what is there, so that nothing read later can lead outside or astray. */
import { FormatError } from '../errors/index.ts';
import { paddedDimensions } from './quantise.ts';
import type { Sections } from './read-sections.ts';

/** Linear in the file's size without its texts and vectors. @throws FormatError */
export function checkIndex(sections: Sections): void {
  const { records, chunks, dimensions, strings, tagLists } = sections.counts;
  ascending(sections, 'STRO', sections.bytes('STRB').length);
  ascending(sections, 'TAGO', sections.bytes('TAGS').length / 4);
  ascending(sections, 'RCHK', chunks);
  ascending(sections, 'TXTO', sections.bytes('TXTB').length);
  below(sections, 'TAGS', strings);
  below(sections, 'RKEY', strings);
  below(sections, 'RTAG', tagLists);
  for (const tag of ['RTIT', 'RURL', 'RPUB', 'RCOL', 'CSEC'] as const)
    below(sections, tag, strings + 1);
  distinctKeys(sections, records);
  risingWithin(sections, 'TAGO', 'TAGS', tagLists);
  sortedStrings(sections);
  risingWithin(sections, 'RCHK', 'CIDX', records);
  ranges(sections, chunks);
  scales(sections, chunks);
  padding(sections, dimensions);
}

function ascending(
  sections: Sections,
  tag: 'STRO' | 'TAGO' | 'RCHK' | 'TXTO',
  limit: number,
): void {
  const offsets = sections.numbers(tag);
  let before = 0;
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i] ?? 0;
    if (offset < before || offset > limit || (i === 0 && offset !== 0))
      throw new FormatError(
        `index ${tag}`,
        `entry ${i} is ${offset} after ${before}; the limit is ${limit}`,
      );
    before = offset;
  }
  if (before !== limit)
    throw new FormatError(`index ${tag}`, `ends at ${before} instead of ${limit}`);
}

function below(
  sections: Sections,
  tag: 'TAGS' | 'RKEY' | 'RTAG' | 'RTIT' | 'RURL' | 'RPUB' | 'RCOL' | 'CSEC',
  limit: number,
): void {
  const numbers = sections.numbers(tag);
  for (let i = 0; i < numbers.length; i++)
    if ((numbers[i] ?? 0) >= limit)
      throw new FormatError(
        `index ${tag}`,
        `entry ${i} is ${numbers[i]}; it must be below ${limit}`,
      );
}

/** Strings are sorted, so keys are when their numbers are. */
function distinctKeys(sections: Sections, records: number): void {
  const keys = sections.numbers('RKEY');
  for (let i = 1; i < records; i++)
    if ((keys[i] ?? 0) <= (keys[i - 1] ?? 0))
      throw new FormatError('index RKEY', `entry ${i} is ${keys[i]} after ${keys[i - 1]}`);
}

function sortedStrings(sections: Sections): void {
  const offsets = sections.numbers('STRO');
  const bytes = sections.bytes('STRB');
  for (let i = 1; i + 1 < offsets.length; i++) {
    const from = offsets[i] ?? 0;
    const before = offsets[i - 1] ?? 0;
    const ends = offsets[i + 1] ?? 0;
    let same = 0;
    while (
      before + same < from &&
      from + same < ends &&
      bytes[before + same] === bytes[from + same]
    )
      same++;
    const isAfter =
      before + same === from
        ? from + same < ends
        : from + same < ends && (bytes[before + same] ?? 0) < (bytes[from + same] ?? 0);
    if (!isAfter) throw new FormatError('index STRB', `string ${i} is not after string ${i - 1}`);
  }
}

/** Of a list of tags each tag, of a record each chunk's index is above the one before. */
function risingWithin(
  sections: Sections,
  begins: 'TAGO' | 'RCHK',
  values: 'TAGS' | 'CIDX',
  count: number,
): void {
  const from = sections.numbers(begins);
  const numbers = sections.numbers(values);
  for (let part = 0; part < count; part++)
    for (let at = (from[part] ?? 0) + 1; at < (from[part + 1] ?? 0); at++)
      if ((numbers[at] ?? 0) <= (numbers[at - 1] ?? 0))
        throw new FormatError(
          `index ${values}`,
          `entry ${at} is ${numbers[at]} after ${numbers[at - 1]}`,
        );
}

function ranges(sections: Sections, chunks: number): void {
  const starts = sections.numbers('CSTA');
  const ends = sections.numbers('CEND');
  for (let i = 0; i < chunks; i++)
    if ((ends[i] ?? 0) < (starts[i] ?? 0))
      throw new FormatError('index CEND', `entry ${i} is ${ends[i]}; it starts at ${starts[i]}`);
}

function scales(sections: Sections, chunks: number): void {
  const bytes = sections.bytes('SCAL');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < chunks; i++) {
    const scale = view.getFloat32(4 * i, true);
    // The shortest row that is not zero has length 1.
    if (!(scale >= 0 && scale <= 1) || Object.is(scale, -0))
      throw new FormatError('index SCAL', `entry ${i} is ${scale}; 0 to 1 is possible`);
  }
}

function padding(sections: Sections, dimensions: number): void {
  const width = paddedDimensions(dimensions);
  const rows = sections.bytes('VECT');
  for (let row = 0; row < rows.length; row += width)
    for (let at = row + dimensions; at < row + width; at++)
      if (rows[at] !== 0)
        throw new FormatError('index VECT', `byte ${at} is ${rows[at]}; padding is 0`);
}
