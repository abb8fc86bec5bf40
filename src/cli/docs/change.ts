/** Changes documents, takes them back to a version, deletes them. */
import type { Command } from 'commander';
import { actor } from '../actor.ts';
import { confirm } from '../confirm.ts';
import { print, printable, printJson } from '../output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from '../session.ts';
import { wholeNumber } from '../worker.ts';
import { type FieldOptions, toldFields, withFields } from './fields.ts';

export function addUpdate(docs: Command): void {
  withFields(docs.command('update'))
    .argument('<document>')
    .description("change what is known about a document; '' takes it away; the text stays")
    .action(async (name: string, options: FieldOptions) => {
      const document = await withEvervec(options, (evervec) =>
        evervec.documents.update(name, toldFields(options)),
      );
      const { text: _, page_starts: __, ...fields } = document;
      if (options.json) return printJson(fields);
      print(`${document.id}  ${printable(document.title)}`);
    });
}

export function addRollback(docs: Command): void {
  withCommonOptions(docs.command('rollback'))
    .argument('<document>')
    .argument('<version>', 'whose text it gets', wholeNumber(1))
    .option('--summary <text>', 'why')
    .description('make a new version with the text of an old one')
    .action(
      async (
        name: string,
        version: number,
        { summary, ...options }: CommonOptions & { summary?: string },
      ) => {
        const made = await withEvervec(options, (evervec) =>
          evervec.documents.rollBack(name, version, { by: actor(), summary }),
        );
        if (options.json) return printJson({ version: made });
        print(made === null ? `its text is that of version ${version} already` : `version ${made}`);
      },
    );
}

export function addDelete(docs: Command): void {
  withCommonOptions(docs.command('delete'))
    .argument('[document...]')
    .option('--collection <name>', 'a whole collection')
    .option('--confirm', 'do not ask')
    .description('delete documents with all their versions')
    .action(
      async (
        names: string[],
        { collection, ...options }: CommonOptions & { collection?: string; confirm?: boolean },
      ) => {
        const what =
          collection === undefined ? names.join(', ') : `all documents of collection ${collection}`;
        if (what === '') return print('nothing to delete: name documents, or a collection');
        if (!(await confirm(`Delete ${printable(what)}?`, options.confirm)))
          return print('nothing was deleted');
        const deleted = await withEvervec(options, async ({ documents }) => {
          if (collection !== undefined)
            return (await documents.deleteCollection(collection, actor())) ?? 0;
          // All are looked for first: a name that is wrong deletes nothing.
          const ids: string[] = [];
          for (const name of names) ids.push((await documents.get(name)).id);
          return await documents.deleteAll(ids, actor());
        });
        if (options.json) return printJson({ deleted });
        print(`${deleted} deleted`);
      },
    );
}
