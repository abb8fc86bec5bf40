/** `evervec docs …`: documents in, out and as they are. */
import type { Command } from 'commander';
import { addAdd } from './add.ts';
import { addDelete, addRollback, addUpdate } from './change.ts';
import { addExport, addImportCsv, addImportJsonl } from './import-rows.ts';
import { addImport } from './import.ts';
import { addRefresh } from './refresh.ts';
import { addCollections, addDiff, addList, addShow, addVersions } from './read.ts';

export function addDocs(program: Command): void {
  const docs = program.command('docs').description('documents: take in, look at, change');
  for (const add of [
    addAdd,
    addImport,
    addImportCsv,
    addImportJsonl,
    addExport,
    addList,
    addCollections,
    addShow,
    addUpdate,
    addVersions,
    addDiff,
    addRollback,
    addRefresh,
    addDelete,
  ])
    add(docs);
}
