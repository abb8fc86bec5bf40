import type { Command } from 'commander';
import { createEvervec } from '../engine/index.ts';
import { confirm } from './confirm.ts';
import { print, printJson } from './output.ts';
import {
  type CommonOptions,
  createLogger,
  environmentOf,
  resolveConfig,
  withCommonOptions,
} from './session.ts';

interface Options extends CommonOptions {
  confirm?: boolean;
  withDocuments?: boolean;
}

export function addTeardown(program: Command): void {
  withCommonOptions(program.command('teardown'))
    .argument('[source...]', 'default: all, and the schema with them')
    .option('--confirm', 'do not ask')
    .option('--with-documents', 'documents, too, with all their versions')
    .description('remove triggers, sidecars and functions; your tables stay as they are')
    .action(async (sources: string[], options: Options) => {
      const what = sources.length > 0 ? sources.join(', ') : 'all sources';
      if (!(await confirm(`Remove ${what} with their vectors?`, options.confirm))) return;
      const evervec = await createEvervec(await teardownConfig(options), {
        logger: createLogger(),
      });
      try {
        const report = await evervec.teardown(sources.length > 0 ? sources : undefined, {
          withDocuments: options.withDocuments ?? false,
        });
        if (options.json) return printJson(report);
        print(`removed: ${report.removed.join(', ') || 'nothing'}`);
        if (report.isEmpty) print('nothing of Evervec is left in this database');
        if (report.keptExtension) print('pgvector stays: something else uses it');
      } finally {
        await evervec.close();
      }
    });
}

/** Works without a configuration too: the database knows what is to be removed. */
async function teardownConfig(options: CommonOptions) {
  const database = options.database ?? environmentOf().DATABASE_URL;
  if (options.config === undefined && database !== undefined) {
    const config = await resolveConfig(options).catch(() => ({ sources: {} }));
    return { ...config, database };
  }
  return await resolveConfig(options);
}
