/**
 * Makes a small but whole embedding model as Transformers.js loads it: `config.json`, a WordPiece tokenizer and an ONNX
 * graph of BERT's inputs and output, with vectors by formula in place of trained weights. For tests of local models,
 * which have no network.
 *
 *     node scripts/tiny-model.ts FOLDER
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const TINY_WIDTH = 384;
export const TINY_MAX_TOKENS = 32;
const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789.,'];
const WORDS = ['the', 'a', 'cat', 'dog', 'sat', 'on', 'mat', 'query', 'passage', ':'];
export const TINY_VOCABULARY = [
  ...SPECIAL,
  ...WORDS,
  ...LETTERS.filter((letter) => !WORDS.includes(letter)),
  ...LETTERS.map((letter) => `##${letter}`),
];

/** The row of the embedding table for a token. Padding is loud, so that whoever takes it for a word is found out. */
export function tinyRow(token: number): number[] {
  return Array.from({ length: TINY_WIDTH }, (_, at) =>
    token === 0 ? 100 : Math.fround(Math.sin((token + 1) * (at + 1) * 0.7)),
  );
}

/** Writes the model into `folder`, which is made. */
export function makeTinyModel(folder: string): void {
  mkdirSync(path.join(folder, 'onnx'), { recursive: true });
  const write = (name: string, value: unknown) =>
    writeFileSync(path.join(folder, name), JSON.stringify(value));
  write('config.json', {
    model_type: 'bert',
    architectures: ['BertModel'],
    hidden_size: TINY_WIDTH,
    max_position_embeddings: TINY_MAX_TOKENS,
    vocab_size: TINY_VOCABULARY.length,
    pad_token_id: 0,
  });
  write('tokenizer_config.json', {
    tokenizer_class: 'BertTokenizer',
    model_max_length: TINY_MAX_TOKENS,
    do_lower_case: true,
    pad_token: '[PAD]',
    unk_token: '[UNK]',
    cls_token: '[CLS]',
    sep_token: '[SEP]',
  });
  write('tokenizer.json', tokenizer());
  writeFileSync(path.join(folder, 'onnx', 'model.onnx'), model());
}

function tokenizer(): unknown {
  const special = (content: string, id: number) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const begin = { SpecialToken: { id: '[CLS]', type_id: 0 } };
  const end = { SpecialToken: { id: '[SEP]', type_id: 0 } };
  const text = { Sequence: { id: 'A', type_id: 0 } };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map(special),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [begin, text, end],
      pair: [begin, text, end, { Sequence: { id: 'B', type_id: 1 } }, end],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(TINY_VOCABULARY.map((token, id) => [token, id])),
    },
  };
}

const FLOAT = 1;
const INT64 = 7;

/**
 * hidden = table[input_ids] + kinds[token_type_ids]; last_hidden_state = hidden + half the mean of the hidden that the
 * attention mask lets through: so all three inputs make a difference, as in BERT.
 */
function model(): Buffer {
  const table = TINY_VOCABULARY.flatMap((_, token) => tinyRow(token));
  const kinds = Array.from({ length: 2 * TINY_WIDTH }, (_, at) => (at < TINY_WIDTH ? 0 : 1));
  const graph = [
    node('Gather', ['table', 'input_ids'], 'words'),
    node('Gather', ['kinds', 'token_type_ids'], 'kind'),
    node('Add', ['words', 'kind'], 'hidden'),
    node('Cast', ['attention_mask'], 'seen', { to: FLOAT }),
    node('Unsqueeze', ['seen', 'last'], 'mask'),
    node('Mul', ['hidden', 'mask'], 'masked'),
    node('ReduceSum', ['masked', 'middle'], 'total', { keepdims: 1 }),
    node('ReduceSum', ['mask', 'middle'], 'count', { keepdims: 1 }),
    node('Div', ['total', 'count'], 'mean'),
    node('Mul', ['mean', 'half'], 'context'),
    node('Add', ['hidden', 'context'], 'last_hidden_state'),
  ].map((one) => bytes(1, one));
  const initializers = [
    tensor('table', FLOAT, [TINY_VOCABULARY.length, TINY_WIDTH], floats(table)),
    tensor('kinds', FLOAT, [2, TINY_WIDTH], floats(kinds)),
    tensor('half', FLOAT, [1], floats([0.5])),
    tensor('last', INT64, [1], longs([2])),
    tensor('middle', INT64, [1], longs([1])),
  ].map((one) => bytes(5, one));
  const inputs = ['input_ids', 'attention_mask', 'token_type_ids'].map((name) =>
    bytes(11, value(name, INT64, ['batch', 'sequence'])),
  );
  const output = bytes(12, value('last_hidden_state', FLOAT, ['batch', 'sequence', TINY_WIDTH]));
  const whole = Buffer.concat([...graph, text(2, 'tiny'), ...initializers, ...inputs, output]);
  const opset = number(2, 13);
  return Buffer.concat([number(1, 8), text(2, 'evervec'), bytes(7, whole), bytes(8, opset)]);
}

// Messages of onnx.proto3, by the numbers of their fields.

function node(
  type: string,
  inputs: string[],
  output: string,
  attributes: Record<string, number> = {},
): Buffer {
  const INT = 2;
  return Buffer.concat([
    ...inputs.map((input) => text(1, input)),
    text(2, output),
    text(4, type),
    ...Object.entries(attributes).map(([name, i]) =>
      bytes(5, Buffer.concat([text(1, name), number(3, i), number(20, INT)])),
    ),
  ]);
}

function tensor(name: string, type: number, dims: number[], raw: Buffer): Buffer {
  const sizes = dims.map((size) => number(1, size));
  return Buffer.concat([...sizes, number(2, type), text(8, name), bytes(9, raw)]);
}

function value(name: string, type: number, dims: (string | number)[]): Buffer {
  const shape = dims.map((size) =>
    bytes(1, typeof size === 'number' ? number(1, size) : text(2, size)),
  );
  const of = Buffer.concat([number(1, type), bytes(2, Buffer.concat(shape))]);
  return Buffer.concat([text(1, name), bytes(2, bytes(1, of))]);
}

function floats(values: readonly number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}

function longs(values: readonly number[]): Buffer {
  return Buffer.from(BigInt64Array.from(values.map(BigInt)).buffer);
}

// The wire format of protocol buffers.

function varint(value: number): Buffer {
  const parts: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) parts.push((rest & 0x7f) | 0x80);
  return Buffer.from([...parts, rest]);
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
}

function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value));
}

const [folder] = process.argv.slice(2);
if (import.meta.main && folder !== undefined) makeTinyModel(folder);
