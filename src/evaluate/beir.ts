/**
 * Reads a collection in the shape of the BEIR benchmark: `corpus.jsonl` (`_id`, `title`, `text`), `queries.jsonl` (`_id`,
 * `text`), `qrels/<split>.tsv` (query id, document id, gain). Documents come as a stream; queries and judgements are held.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { EvaluationError } from '../errors/index.ts';
import { badLine, readLines } from './lines.ts';

export interface CollectionDocument {
  id: string;
  title: string;
  text: string;
  /** Of corpus.jsonl, from 1. */
  line: number;
}

export interface JudgedQuery {
  id: string;
  text: string;
  /** Document id → gain, as judged; at least one is above 0. */
  judged: ReadonlyMap<string, number>;
}

export interface JudgedQueries {
  split: string;
  /** In the order of queries.jsonl; those with a relevant document only. */
  queries: JudgedQuery[];
  /** Queries that are judged and not in queries.jsonl. */
  unknownQueries: number;
}

/** @throws EvaluationError naming file and line */
export async function* readDocuments(folder: string): AsyncGenerator<CollectionDocument> {
  const file = path.join(folder, 'corpus.jsonl');
  for await (const { text, number } of readLines(file)) {
    const { id, fields } = parseObject(file, number, text);
    const { title = '', text: body } = fields;
    if (typeof body !== 'string' || (title !== null && typeof title !== 'string'))
      throw badLine(file, number, 'its text or title is not a string', SHAPES.corpus);
    yield { id, title: storable(title ?? ''), text: storable(body), line: number };
  }
}

/**
 * @param wanted the split; default the only one, or `test`
 * @throws EvaluationError naming the splits there are, or file and line, or when nothing is judged
 */
export async function readQueries(folder: string, wanted?: string): Promise<JudgedQueries> {
  const split = await chooseSplit(folder, wanted);
  const judgements = await readJudgements(path.join(folder, 'qrels', `${split}.tsv`));
  const file = path.join(folder, 'queries.jsonl');
  const queries: JudgedQuery[] = [];
  const seen = new Set<string>();
  for await (const { text, number } of readLines(file)) {
    const { id, fields } = parseObject(file, number, text);
    if (typeof fields['text'] !== 'string' || fields['text'].trim() === '')
      throw badLine(file, number, 'it has no text', SHAPES.queries);
    if (seen.has(id)) throw badLine(file, number, 'its _id came before', 'Give each its own _id.');
    seen.add(id);
    const judged = judgements.get(id);
    if (judged !== undefined && [...judged.values()].some((gain) => gain > 0))
      queries.push({ id, text: storable(fields['text']), judged });
  }
  const unknownQueries = [...judgements.keys()].filter((id) => !seen.has(id)).length;
  if (queries.length > 0) return { split, queries, unknownQueries };
  throw new EvaluationError(`No query of ${folder} has a relevant document in split "${split}".`, {
    remedy:
      unknownQueries > 0
        ? `All ${unknownQueries} queries that are judged are missing from queries.jsonl: check that the files belong together.`
        : 'Judge at least one document with a gain above 0, or name another --split.',
    isUsage: true,
  });
}

const SHAPES = {
  corpus: 'Each line is a JSON object: {"_id": "…", "title": "…", "text": "…"}.',
  queries: 'Each line is a JSON object: {"_id": "…", "text": "…"}.',
  qrels: 'Each line has three fields with tabs between: query id, document id, gain.',
};

function parseObject(
  file: string,
  line: number,
  text: string,
): { id: string; fields: Record<string, unknown> } {
  const shape = file.endsWith('corpus.jsonl') ? SHAPES.corpus : SHAPES.queries;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The reason would repeat the text.
    throw badLine(file, line, 'it is not JSON', shape);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badLine(file, line, 'it is not an object', shape);
  const fields = value as Record<string, unknown>;
  const { _id: id } = fields;
  if (typeof id !== 'string' && typeof id !== 'number')
    throw badLine(file, line, 'it has no _id', shape);
  if (id === '') throw badLine(file, line, 'its _id is empty', shape);
  return { id: storable(String(id)), fields };
}

/** Postgres has no NUL in text, and no lone surrogates. */
function storable(text: string): string {
  return text.replaceAll('\0', ' ').toWellFormed();
}

const SPLIT_FILE = /^(.+)\.tsv$/;

async function chooseSplit(folder: string, wanted: string | undefined): Promise<string> {
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() !== true)
    throw new EvaluationError(
      found === null ? `There is no folder ${folder}.` : `${folder} is not a folder.`,
      {
        remedy:
          'Name a folder with corpus.jsonl, queries.jsonl and qrels/*.tsv (see docs/quality.md).',
        isUsage: true,
      },
    );
  const files = await readdir(path.join(folder, 'qrels')).catch(() => []);
  const splits = files.flatMap((file) => SPLIT_FILE.exec(file)?.[1] ?? []).sort();
  const [only] = splits;
  if (only === undefined)
    throw new EvaluationError(`${folder} has no judgements: there is no qrels/*.tsv in it.`, {
      remedy: 'Put them into qrels/test.tsv: query id, document id and gain, with tabs between.',
      isUsage: true,
    });
  const split = wanted ?? (splits.length === 1 ? only : 'test');
  if (splits.includes(split)) return split;
  throw new EvaluationError(
    wanted === undefined
      ? `${folder} has judgements of several splits and none is called "test".`
      : `${folder} has no split "${wanted}".`,
    { remedy: `Name one with --split: ${splits.join(', ')}.`, isUsage: true },
  );
}

/** @returns query id → document id → gain */
async function readJudgements(file: string): Promise<Map<string, Map<string, number>>> {
  const judgements = new Map<string, Map<string, number>>();
  for await (const { text, number } of readLines(file)) {
    const fields = text.split('\t').map((field) => field.trim());
    const [query = '', document = '', gainText = ''] = fields;
    const gain = gainText === '' ? Number.NaN : Number(gainText);
    // A first line that names the columns is BEIR's; files without are about, too.
    if (number === 1 && Number.isNaN(gain) && fields.length === 3) continue;
    if (fields.length !== 3 || query === '' || document === '')
      throw badLine(file, number, `it has ${fields.length} fields`, SHAPES.qrels);
    if (!Number.isFinite(gain))
      throw badLine(file, number, 'its gain is not a number', SHAPES.qrels);
    const judged = judgements.get(query) ?? new Map<string, number>();
    judgements.set(query, judged.set(document, gain));
  }
  return judgements;
}
