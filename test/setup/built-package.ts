/** A project that has the built package installed, as `npm install evervec` leaves it; its dependencies are links. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIN = path.join(ROOT, 'node_modules', '.bin');

export interface Project {
  readonly path: string;
  remove(): Promise<void>;
}

/** Builds and installs; some seconds. */
export async function projectWithPackage(): Promise<Project> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'evervec-project-')));
  const modules = path.join(folder, 'node_modules');
  const at = path.join(modules, 'evervec');
  await promisify(execFile)(process.execPath, ['scripts/build.ts', path.join(at, 'dist')], {
    cwd: ROOT,
    env: { ...process.env, PATH: `${BIN}${path.delimiter}${process.env['PATH']}` },
  });
  for (const part of ['package.json', 'sql'])
    await cp(path.join(ROOT, part), path.join(at, part), { recursive: true });
  const { dependencies } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), '@types/node', '@types/pg']) {
    const link = path.join(modules, name);
    await mkdir(path.dirname(link), { recursive: true });
    await symlink(await realpath(path.join(ROOT, 'node_modules', name)), link);
  }
  const project = {
    name: 'project',
    private: true,
    type: 'module',
    dependencies: { evervec: '*' },
  };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(project));
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
