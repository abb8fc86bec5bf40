import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { createEvervec } from '../engine/index.ts';
import { ConfigError } from '../errors/index.ts';
import type { Proposal, Proposals } from '../source/index.ts';
import { formatTable, print, printJson } from './output.ts';
import { type CommonOptions, createLogger, environmentOf, withCommonOptions } from './session.ts';

export function addInit(program: Command): void {
  withCommonOptions(program.command('init'))
    .option('--force', 'replace a configuration that is there')
    .description('look at a database, propose sources, write evervec.config.ts')
    .action(async (options: CommonOptions & { force?: boolean }) => {
      const file = path.resolve(options.config ?? 'evervec.config.ts');
      if (existsSync(file) && !options.force)
        throw new ConfigError(`${file} is there already.`, {
          remedy: 'Edit it, or replace it with --force.',
          isUsage: true,
        });
      const database =
        options.database ??
        environmentOf().DATABASE_URL ??
        path.join(path.dirname(file), '.evervec');
      const evervec = await createEvervec({ database, sources: {} }, { logger: createLogger() });
      const proposals = await evervec.propose().finally(() => evervec.close());
      await writeFile(file, formatConfig(proposals));
      if (options.json) return printJson({ file, ...proposals });
      report(file, proposals);
    });
}

function report(file: string, { sources, skipped }: Proposals): void {
  if (sources.length > 0)
    print(
      formatTable(
        ['source', 'table', 'text', 'rows'],
        sources.map((one) => [
          one.name,
          `${one.schema}.${one.table}`,
          one.text.join(', '),
          Math.round(one.rows),
        ]),
      ),
    );
  for (const { table, reason } of skipped) print(`left out ${table}: ${reason}`);
  print(`\nWrote ${file}. Look it over, then: evervec setup && evervec backfill`);
}

/** The file's text. The database's address stays out of it: it may hold a password. */
export function formatConfig({ sources, skipped }: Proposals): string {
  const entries = sources.map((one) => `    ${formatSource(one)},`);
  const left = skipped.map(({ table, reason }) => `    // ${oneLine(table)}: ${reason}`);
  const none = "    // notes: { table: 'notes', text: ['title', 'body'] },";
  return `import { defineConfig } from 'evervec';

export default defineConfig({
  sources: {
${[...entries, ...(entries.length === 0 ? [none] : []), ...left].join('\n')}
  },
});
`;
}

function formatSource(one: Proposal): string {
  const hasDot = one.table.includes('.') || one.schema.includes('.');
  const place = hasDot
    ? `table: ${quote(one.table)}, schema: ${quote(one.schema)}`
    : `table: ${quote(one.isInSearchPath ? one.table : `${one.schema}.${one.table}`)}`;
  return `${one.name}: { ${place}, text: [${one.text.map(quote).join(', ')}] }`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
