import path from 'node:path';
import type { Command } from 'commander';
import {
  DEFAULT_EXTRACT_LIMITS,
  fileItem,
  type ImportItem,
  titleOfName,
} from '../../document/index.ts';
import { withEvervec } from '../session.ts';
import { type TakeOptions, toldFields, withTaking } from './fields.ts';
import { report, takeIn } from './take.ts';

/** Of a file: more is refused before it is read. */
export const MAX_FILE_BYTES = DEFAULT_EXTRACT_LIMITS.maxBytes;

interface Options extends TakeOptions {
  origin?: string;
}

export function addAdd(docs: Command): void {
  withTaking(docs.command('add'))
    .argument('<file...>', 'files; - reads standard input')
    .option('--origin <name>', 'what it is known by next time (default: the name of the file)')
    .description('take documents in: PDF, DOCX, HTML, Markdown, text')
    .action(async (files: string[], options: Options) => {
      const items = files.map((file) => itemOf(file, options));
      const taken = await withEvervec(options, (evervec) =>
        takeIn(evervec, items, { ...options, total: items.length, fields: 'given' }),
      );
      report(taken, options);
    });
}

/** What is told on the command line is told on purpose. */
function itemOf(file: string, options: Options): ImportItem {
  const fields = toldFields(options);
  if (file === '-') return standardInput(options.origin ?? null, fields);
  const origin = options.origin ?? path.basename(file);
  const item = fileItem(path.resolve(file), origin, MAX_FILE_BYTES);
  return { ...item, label: file, fallbackTitle: titleOfName(file), told: fields };
}

function standardInput(origin: string | null, fields: Record<string, unknown>): ImportItem {
  const load = async () => {
    const parts: Buffer[] = [];
    for await (const part of process.stdin) parts.push(part as Buffer);
    return { bytes: Buffer.concat(parts), name: null, mediaType: null };
  };
  return {
    label: 'standard input',
    collection: null,
    origin,
    fields: {},
    told: fields,
    fallbackTitle: origin,
    load,
  };
}
