import path from 'node:path';
import type { Command } from 'commander';
import { fileItem } from '../../document/files.ts';
import { DEFAULT_EXTRACT_LIMITS, type ImportItem, titleOfName } from '../../document/index.ts';
import { withEvervec } from '../session.ts';
import { type TakeOptions, toldFields, withTaking } from './fields.ts';
import { report, type Take, takeIn } from './take.ts';

interface Options extends TakeOptions {
  origin?: string;
}

export function addAdd(docs: Command): void {
  withTaking(docs.command('add'))
    .argument('<file...>', 'files and URLs; - reads standard input')
    .option('--origin <name>', 'what it is known by next time (default: the name of the file)')
    .description('take documents in: PDF, DOCX, EPUB, HTML, Markdown, text')
    .action(async (files: string[], options: Options) => {
      const told = toldFields(options);
      const urls = files.filter(isUrl);
      const items = files.filter((file) => !isUrl(file)).map((file) => itemOf(file, options, told));
      const take: Take = async (documents, importOptions) => {
        if (items.length > 0) await documents.import(items, importOptions);
        if (urls.length > 0) await documents.web.add(urls, { ...importOptions, told });
      };
      const taken = await withEvervec(options, (evervec) =>
        takeIn(evervec, take, { ...options, total: files.length }),
      );
      report(taken, options);
    });
}

function isUrl(file: string): boolean {
  return /^https?:\/\//i.test(file);
}

/** @param told on the command line, hence on purpose */
function itemOf(file: string, options: Options, told: Record<string, unknown>): ImportItem {
  if (file === '-') return standardInput(options.origin ?? null, told);
  const origin = options.origin ?? path.basename(file);
  const item = fileItem(path.resolve(file), origin, DEFAULT_EXTRACT_LIMITS.maxBytes);
  return { ...item, label: file, fallbackTitle: titleOfName(file), told };
}

function standardInput(origin: string | null, told: Record<string, unknown>): ImportItem {
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
    told,
    fallbackTitle: origin,
    load,
  };
}
