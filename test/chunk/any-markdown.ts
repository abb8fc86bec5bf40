/** Markdown as people write it and as they should not: blocks in any order, each of them whole or broken off. */
import * as fc from 'fast-check';

const WORDS = 'wing flow shock heat layer pressure body plate wave supersonic Größe 流れ 👍🏽'.split(
  ' ',
);

const words = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 12 })
  .map((list) => list.join(' '));
const sentence = words.map((text) => `${text[0]?.toUpperCase()}${text.slice(1)}.`);
const prose = fc
  .array(sentence, { minLength: 1, maxLength: 6 })
  .chain((list) => fc.constantFrom(' ', '\n').map((between) => list.join(between)));
const heading = fc
  .tuple(fc.integer({ min: 1, max: 6 }), words)
  .map(([level, text]) => `${'#'.repeat(level)} ${text}`);
const underlined = fc
  .tuple(words, fc.constantFrom('=', '---'))
  .map(([text, line]) => `${text}\n${line}`);
const list = fc
  .array(fc.tuple(fc.constantFrom('- ', '* ', '1. ', '  - ', '    '), words), { minLength: 1 })
  .map((items) => items.map(([mark, text]) => mark + text).join('\n'));
const table = fc
  .array(fc.tuple(words, words), { minLength: 1, maxLength: 8 })
  .map((rows) =>
    ['| a | b |', '|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n'),
  );
const code = fc
  .tuple(
    fc.array(fc.oneof(words, fc.constantFrom('', '# no heading', '| a |')), { maxLength: 8 }),
    fc.boolean(),
  )
  .map(([lines, isClosed]) => ['```sh', ...lines, ...(isClosed ? ['```'] : [])].join('\n'));
const quote = prose.map((text) => text.replaceAll(/^/gm, '> '));
const rule = fc.constantFrom('---', '***', '___');

const block = fc.oneof(
  { weight: 3, arbitrary: prose },
  { weight: 3, arbitrary: heading },
  underlined,
  list,
  table,
  code,
  quote,
  rule,
);

/** Blocks with blank lines between them, as a rule. */
export const anyMarkdown: fc.Arbitrary<string> = fc
  .array(fc.tuple(block, fc.constantFrom('\n\n', '\n\n', '\n', '\r\n\r\n')), { maxLength: 30 })
  .map((blocks) => blocks.flat().join(''));
