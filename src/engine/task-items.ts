/** The items of a task, out of the bytes that came in with it. Changes nothing. */
import { Readable } from 'node:stream';
import type { Connection } from '../database/index.ts';
import {
  type ClaimedTask,
  type ImportItem,
  readFileName,
  type TaskFileHead,
  taskFileBytes,
  taskFiles,
  titleOfName,
} from '../document/index.ts';
import { LeaseLostError } from '../errors/index.ts';

/** In the same order each time it is asked: a second attempt counts the same. */
export async function* taskItems(
  connection: Connection,
  { id, kind, options }: ClaimedTask,
): AsyncGenerator<ImportItem> {
  const files = await taskFiles(connection, id);
  if (kind === 'upload') {
    for (const file of files) yield uploadItem(connection, id, file, options);
    return;
  }
  const [body] = files;
  if (body === undefined) throw isOver(id);
  const bytes = await loadBytes(connection, id, body);
  const { readCsv, readJsonl } = await import('../document/files.ts');
  if (kind === 'jsonl') yield* readJsonl(Readable.from([bytes]));
  else yield* readCsv({ name: 'the body', bytes });
}

function uploadItem(
  connection: Connection,
  id: string,
  file: TaskFileHead,
  { fields, origin }: ClaimedTask['options'],
): ImportItem {
  const name = file.name ?? `file ${file.number + 1}`;
  return {
    label: name,
    collection: null,
    // As of a file that the command takes in: the same name is the same document the next time.
    origin: origin ?? file.name?.normalize('NFC') ?? null,
    fields: { ...readFileName(name) },
    told: fields,
    fallbackTitle: titleOfName(name),
    load: async () => ({
      bytes: await loadBytes(connection, id, file),
      name: file.name,
      mediaType: file.media_type,
    }),
  };
}

async function loadBytes(connection: Connection, id: string, file: TaskFileHead): Promise<Buffer> {
  const bytes = await taskFileBytes(connection, id, file);
  if (bytes === null) throw isOver(id);
  return bytes;
}

function isOver(id: string): LeaseLostError {
  return new LeaseLostError(`Task ${id} was ended by somebody else.`, {
    remedy: 'Nothing has to be done: nothing more of it is written.',
  });
}
