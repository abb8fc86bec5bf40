/** The migrations that this version brings: files of SQL, read and checked, not run. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SchemaError } from '../errors/index.ts';

export interface Migration {
  /** From the file's name, 1 and up without gaps. */
  id: number;
  name: string;
  sql: string;
  /** SHA-256 of the text with `\n` line ends, hexadecimal. */
  checksum: string;
}

const FILE_NAME = /^(\d{6})_([a-z0-9_]+)\.sql$/;

/**
 * `sql/migrations` of this package: beside `src/` in the repository, beside `dist/` when published.
 * @throws SchemaError when the package is not whole
 */
export function defaultMigrationsFolder(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = path.join(folder, 'sql', 'migrations');
    if (existsSync(candidate)) return candidate;
    const parent = path.dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  throw new SchemaError('The migrations are missing from this installation.', {
    remedy: 'Install the package again.',
  });
}

/**
 * @returns the migrations of `folder` in order
 * @throws SchemaError for a file that does not belong there, or a gap in the numbers
 */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(files.map((file, index) => readMigration(folder, file, index + 1)));
}

async function readMigration(folder: string, file: string, expectedId: number): Promise<Migration> {
  const [, digits, name] = FILE_NAME.exec(file) ?? [];
  if (name === undefined || Number(digits) !== expectedId) {
    throw new SchemaError(`The migration "${file}" is not number ${expectedId}.`, {
      remedy: 'Name migrations 000001_name.sql, 000002_name.sql and so on, without gaps.',
    });
  }
  const sql = (await readFile(path.join(folder, file), 'utf8')).replaceAll('\r\n', '\n');
  return { id: expectedId, name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}
