/** Reads text files line by line, in bounded memory, and says file and line of what is wrong in them. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { EvaluationError } from '../errors/index.ts';

export interface Line {
  text: string;
  /** From 1. */
  number: number;
}

/**
 * Lines that are not blank.
 * @throws EvaluationError where the file is not there or can't be read
 */
export async function* readLines(file: string): AsyncGenerator<Line> {
  const found = await stat(file).catch(() => null);
  if (found?.isFile() !== true)
    throw new EvaluationError(
      found === null ? `There is no file ${file}.` : `${file} is not a file.`,
      {
        remedy: `A collection is a folder with corpus.jsonl, queries.jsonl and qrels/*.tsv (see docs/quality.md).`,
        isUsage: true,
      },
    );
  const input = createReadStream(file, 'utf8');
  // A failure of the stream would end the lines as if that were all.
  let failure: unknown;
  const lines = createInterface({ input, crlfDelay: Infinity });
  input.on('error', (error) => {
    failure = error;
    lines.close();
  });
  let number = 0;
  try {
    for await (const text of lines) {
      number += 1;
      if (text.trim() !== '') yield { text, number };
    }
  } finally {
    input.destroy();
  }
  if (failure !== undefined)
    throw new EvaluationError(`${file} can't be read.`, {
      remedy: 'See that this user may read it.',
      cause: failure,
      isUsage: true,
    });
}

/** @param what is wrong with the line; without the line's text */
export function badLine(file: string, line: number, what: string, remedy: string): EvaluationError {
  const where = path.join(path.basename(path.dirname(file)), path.basename(file));
  return new EvaluationError(`${where}, line ${line}: ${what}.`, { remedy, isUsage: true });
}
