/** Shows documents, their collections and their versions. */
import type { Command } from 'commander';
import type { DiffPart, ListDocuments } from '../../document/index.ts';
import {
  count,
  formatEntry,
  type ListOptions,
  printList,
  time,
  withListOptions,
} from '../queue/list.ts';
import { print, printJson } from '../output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from '../session.ts';
import { wholeNumber } from '../worker.ts';
import { splitNames } from '../queue/list.ts';

type Listing = ListOptions &
  Pick<ListDocuments, 'collection' | 'type' | 'tier'> & {
    tags?: string[];
    offset?: number;
  };

export function addList(docs: Command): void {
  withListOptions(docs.command('list'))
    .option('--collection <name>', 'only of this one')
    .option('--type <type>', 'only of this type')
    .option('--tier <tier>', 'only of this tier')
    .option('--tags <tags>', 'only with all of these, with commas between', splitNames)
    .option('--offset <n>', 'documents to skip', wholeNumber(0))
    .description('documents, by collection and title')
    .action(async ({ json, details, config, database, sample, ...wanted }: Listing) => {
      const options = { json, details, config, database, sample } as ListOptions;
      const { documents, total } = await withEvervec(options, (evervec) =>
        evervec.documents.list(wanted),
      );
      if (options.json) return printJson({ documents, total });
      printList(
        'documents',
        documents,
        {
          id: (one) => one.id.slice(0, 8),
          collection: (one) => one.collection,
          title: (one) => one.title,
          type: (one) => one.type,
          tier: (one) => one.tier,
          format: (one) => one.format,
          version: (one) => one.version,
          searched: (one) => one.active_version,
          characters: (one) => one.characters,
        },
        { ...options, empty: 'no documents' },
      );
      if (total > documents.length) print(`\n${documents.length} of ${count(total, 'document')}`);
    });
}

export function addCollections(docs: Command): void {
  withCommonOptions(docs.command('collections'))
    .description('collections and how much is in them')
    .action(async (options: CommonOptions) => {
      const collections = await withEvervec(options, (evervec) => evervec.documents.collections());
      printList(
        'collections',
        collections,
        {
          name: (one) => one.name,
          documents: (one) => one.documents,
          characters: (one) => one.characters,
        },
        { ...options, empty: 'no collections' },
      );
    });
}

export function addShow(docs: Command): void {
  withCommonOptions(docs.command('show'))
    .argument('<document>', 'its id, the beginning of it, its origin, or collection/origin')
    .option('--text', 'its text alone')
    .description('all about a document')
    .action(async (name: string, { text, ...options }: CommonOptions & { text?: boolean }) => {
      const document = await withEvervec(options, (evervec) => evervec.documents.get(name));
      if (options.json) return printJson(document);
      if (text) return print(document.text);
      const { text: _, page_starts: __, ...fields } = document;
      print(formatEntry(fields));
    });
}

export function addVersions(docs: Command): void {
  withCommonOptions(docs.command('versions'))
    .argument('<document>')
    .description('what a document was: who changed it, when and why')
    .action(async (name: string, options: CommonOptions) => {
      const versions = await withEvervec(options, (evervec) => evervec.documents.versions(name));
      printList(
        'versions',
        versions,
        {
          version: (one) => one.version,
          searched: (one) => (one.is_active ? 'yes' : ''),
          by: (one) => one.changed_by,
          'at (UTC)': (one) => time(one.created_at),
          characters: (one) => one.characters,
          why: (one) => one.summary,
        },
        { ...options, empty: 'no versions' },
      );
    });
}

export function addDiff(docs: Command): void {
  withCommonOptions(docs.command('diff'))
    .argument('<document>')
    .argument('<from>', 'a version', wholeNumber(1))
    .argument('<to>', 'another', wholeNumber(1))
    .option('--words', 'by words, not by lines')
    .description('what differs between two versions')
    .action(
      async (
        name: string,
        from: number,
        to: number,
        { words, ...options }: CommonOptions & { words?: boolean },
      ) => {
        const diff = await withEvervec(options, (evervec) =>
          evervec.documents.diff(name, from, to, { unit: words ? 'words' : 'lines' }),
        );
        if (options.json) return printJson(diff);
        print(diff.unit === 'lines' ? formatLines(diff.parts) : formatWords(diff.parts));
        const { unit, added, removed, isCoarse } = diff;
        print(`\n${added} ${unit} added, ${removed} removed`);
        if (isCoarse) print('Too much differs to say more within a second.');
      },
    );
}

/** Lines around a change that are shown with it. */
const CONTEXT = 3;
const SIGNS = { same: ' ', added: '+', removed: '-' } as const;

function formatLines(parts: readonly DiffPart[]): string {
  const lines = parts.flatMap(({ kind, text }, index) => {
    const all = text.replace(/\n$/, '').split('\n');
    const shown = kind === 'same' ? around(all, index > 0, index < parts.length - 1) : all;
    return shown.map((line) => paint(kind, `${SIGNS[kind]} ${line}`));
  });
  return lines.join('\n');
}

/** Of what did not change, the first and the last lines. */
function around(lines: string[], hasBefore: boolean, hasAfter: boolean): string[] {
  const head = hasBefore ? CONTEXT : 0;
  const tail = hasAfter ? CONTEXT : 0;
  if (lines.length <= head + tail + 1) return lines;
  const left = lines.length - head - tail;
  return [...lines.slice(0, head), `… ${left} lines …`, ...lines.slice(lines.length - tail)];
}

function formatWords(parts: readonly DiffPart[]): string {
  return parts
    .map(({ kind, text }) => {
      if (kind === 'same')
        return text.length > 400 ? `${text.slice(0, 200)} … ${text.slice(-200)}` : text;
      return paint(kind, kind === 'added' ? `{+${text}+}` : `[-${text}-]`);
    })
    .join('');
}

const COLOURS = { same: '', added: '\x1b[32m', removed: '\x1b[31m' } as const;

function paint(kind: DiffPart['kind'], text: string): string {
  const safe = text.replaceAll(/[^\P{Cc}\n\t]/gu, '\u{FFFD}');
  const isColoured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  return isColoured && kind !== 'same' ? `${COLOURS[kind]}${safe}\x1b[0m` : safe;
}
