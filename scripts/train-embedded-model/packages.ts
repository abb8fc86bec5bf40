/**
 * Which Debian packages the model is trained on, and where their text lies. Each package's copyright file was read: no GPL, GFDL
 * or non-commercial text (docs/embedded-model.md has the table). Adding one changes the model.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync } from 'node:fs';
import path from 'node:path';

export interface TextPackage {
  readonly name: string;
  /** Of HTML pages, relative to the unpacked package. None: it is read in its own way. */
  readonly pages: string;
  /** Pages whose path has this hold lists, code or other languages. */
  readonly skipped?: RegExp;
}

const SPHINX_LISTS = /_modules|_sources|genindex|modindex|\/search\.html|contents\.html|changelog/;

export const TEXT_PACKAGES: readonly TextPackage[] = [
  { name: 'wordnet-base', pages: '' },
  { name: 'python3.11-doc', pages: 'usr/share/doc/python3.11/html', skipped: SPHINX_LISTS },
  { name: 'postgresql-doc-15', pages: 'usr/share/doc/postgresql-doc-15/html' },
  { name: 'sqlite3-doc', pages: 'usr/share/doc/sqlite3' },
  {
    name: 'python-sklearn-doc',
    pages: 'usr/share/doc/python-sklearn-doc/html',
    skipped: SPHINX_LISTS,
  },
  {
    name: 'python-django-doc',
    pages: 'usr/share/doc/python-django-doc/html',
    skipped: SPHINX_LISTS,
  },
  { name: 'apache2-doc', pages: 'usr/share/doc/apache2-doc/manual/en' },
  {
    name: 'libreoffice-help-en-us',
    pages: 'usr/share/libreoffice/help/en-US/text',
  },
  { name: 'python-scipy-doc', pages: 'usr/share/doc/python-scipy-doc/html', skipped: SPHINX_LISTS },
  {
    name: 'python-statsmodels-doc',
    pages: 'usr/share/doc/python-statsmodels-doc/html',
    skipped: SPHINX_LISTS,
  },
  {
    name: 'python-astropy-doc',
    pages: 'usr/share/doc/python-astropy-doc/html',
    // Its pages on WCS are taken from WCSLIB's manual, which is LGPL.
    skipped: new RegExp(`${SPHINX_LISTS.source}|wcs`),
  },
  { name: 'python-biopython-doc', pages: 'usr/share/doc/python-biopython-doc/Doc' },
];

/** Downloads and unpacks what is not in `folder` yet, each package into a folder of its name. */
export function unpackPackages(folder: string): void {
  const archives = path.join(folder, 'archives');
  mkdirSync(archives, { recursive: true });
  for (const { name } of TEXT_PACKAGES) {
    const target = path.join(folder, name);
    if (existsSync(target)) continue;
    if (globSync(`${archives}/${name}_*.deb`).length === 0)
      run('apt-get', ['download', name], archives);
    const [archive = ''] = globSync(`${archives}/${name}_*.deb`);
    run('dpkg', ['-x', archive, target], archives);
  }
}

export function run(command: string, args: readonly string[], cwd?: string): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? status}`);
}
