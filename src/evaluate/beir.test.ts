import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EvaluationError } from '../errors/index.ts';
import { type CollectionDocument, readDocuments, readQueries } from './beir.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evervec-beir-'));
  await mkdir(path.join(folder, 'qrels'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
}

async function documentsOf(of: string): Promise<CollectionDocument[]> {
  const documents: CollectionDocument[] = [];
  for await (const document of readDocuments(of)) documents.push(document);
  return documents;
}

async function fault(work: Promise<unknown>): Promise<EvaluationError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EvaluationError);
  expect(error).toMatchObject({ isUsage: true, code: 'EVERVEC_EVALUATION' });
  return error as EvaluationError;
}

const QUERIES = '{"_id": "q1", "text": "one"}\n{"_id": "q2", "text": "two"}\n';
const QRELS = 'query-id\tcorpus-id\tscore\nq1\ta\t2\nq1\tb\t0\nq2\tb\t1\n';

describe('documents', () => {
  it('come one by one, with their lines', async () => {
    await write({
      'corpus.jsonl':
        '{"_id": "a", "title": "A", "text": "x"}\r\n\r\n{"_id": 2, "text": "y\\u0000\\ud800", "metadata": {}}\n{"_id": "c", "title": null, "text": ""}',
    });
    expect(await documentsOf(folder)).toEqual([
      { id: 'a', title: 'A', text: 'x', line: 1 },
      { id: '2', title: '', text: 'y \ufffd', line: 3 },
      { id: 'c', title: '', text: '', line: 4 },
    ]);
  });

  it.each([
    ['{"_id": "a", "text": "x"}\n{"_id": "b", "text": secret}', /corpus.jsonl, line 2: .*JSON/],
    ['["a", "x"]', /line 1: it is not an object/],
    ['{"text": "x"}', /line 1: it has no _id/],
    ['{"_id": "", "text": "x"}', /line 1: its _id is empty/],
    ['{"_id": "a"}', /line 1: its text or title/],
    ['{"_id": "a", "text": "x", "title": 3}', /line 1: its text or title/],
  ])('%j is refused by its line, without its text', async (text, message) => {
    await write({ 'corpus.jsonl': text });
    const error = await fault(documentsOf(folder));
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('secret');
  });

  it('that are not there are told by the path', async () => {
    const error = await fault(documentsOf(folder));
    expect(error.message).toContain(path.join(folder, 'corpus.jsonl'));
  });
});

describe('queries', () => {
  it('have their judgements; those without a relevant document are left out', async () => {
    await write({
      'queries.jsonl': `${QUERIES}{"_id": "q3", "text": "three"}\n`,
      'qrels/test.tsv': `${QRELS}q3\ta\t0\nq9\ta\t1\n`,
    });
    expect(await readQueries(folder)).toEqual({
      split: 'test',
      unknownQueries: 1,
      queries: [
        { id: 'q1', text: 'one', judged: new Map(Object.entries({ a: 2, b: 0 })) },
        { id: 'q2', text: 'two', judged: new Map([['b', 1]]) },
      ],
    });
  });

  it('are of the only split, of test, or of the one that is named', async () => {
    await write({ 'queries.jsonl': QUERIES, 'qrels/dev.tsv': 'q1\ta\t1\n' });
    expect(await readQueries(folder)).toMatchObject({ split: 'dev', queries: [{ id: 'q1' }] });
    await write({ 'qrels/train.tsv': 'q2\ta\t1\n' });
    expect((await fault(readQueries(folder))).remedy).toContain('dev, train');
    expect((await fault(readQueries(folder, 'test'))).remedy).toContain('dev, train');
    expect(await readQueries(folder, 'train')).toMatchObject({ queries: [{ id: 'q2' }] });
    await write({ 'qrels/test.tsv': QRELS });
    expect(await readQueries(folder)).toMatchObject({ split: 'test' });
  });

  it.each([
    [
      { 'qrels/test.tsv': 'query-id\tcorpus-id\tscore\nq1\ta\n' },
      /test.tsv, line 2: it has 2 fields/,
    ],
    [{ 'qrels/test.tsv': 'q1 0 a 1\n' }, /test.tsv, line 1: it has 1 fields/],
    [{ 'qrels/test.tsv': 'q1\ta\t1\nq1\tb\tmany\n' }, /line 2: its gain is not a number/],
    [{ 'qrels/test.tsv': 'q1\ta\t1\nq1\tb\t\n' }, /line 2: its gain is not a number/],
    [
      { 'qrels/test.tsv': QRELS, 'queries.jsonl': '{"_id": "q1", "text": " "}' },
      /line 1: it has no text/,
    ],
    [
      { 'qrels/test.tsv': QRELS, 'queries.jsonl': `${QUERIES}{"_id": "q1", "text": "x"}` },
      /line 3: its _id came before/,
    ],
    [{ 'qrels/test.tsv': 'query-id\tcorpus-id\tscore\n' }, /No query of .* split "test"/],
    [{ 'qrels/test.tsv': 'q7\ta\t1\n' }, /No query of/],
    [{ 'queries.jsonl': QUERIES }, /no judgements/],
  ] as [Record<string, string>, RegExp][])('%j is refused', async (files, message) => {
    await write({ 'queries.jsonl': QUERIES, ...files });
    expect((await fault(readQueries(folder))).message).toMatch(message);
  });

  it('of a folder that is not there, or none', async () => {
    const nowhere = path.join(folder, 'nowhere');
    expect((await fault(readQueries(nowhere))).message).toBe(`There is no folder ${nowhere}.`);
    await write({ nowhere: '' });
    expect((await fault(readQueries(nowhere))).message).toContain('is not a folder');
    await write({ 'qrels/test.tsv': QRELS });
    expect((await fault(readQueries(folder))).message).toContain('queries.jsonl');
  });
});
