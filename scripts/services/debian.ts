/**
 * Installs from Debian: packages through the machine's own apt, and pgvector from the source package
 * of the next release, since this one has none. Leaves no package source enabled that was not.
 */
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { type AptSource, debianSource, parseAptSources } from './apt-sources.ts';
import { outputOf, runLogged } from './command.ts';
import { SERVICES } from './paths.ts';

export const PACKAGES = [
  'postgresql-15',
  'postgresql-15-cron',
  'postgresql-server-dev-15',
  'build-essential',
  'pgbouncer',
  'chromium',
];
/** The release whose packages are named above, and the one whose pgvector is built on it. */
const RELEASE = 'bookworm';
const VECTOR_RELEASE = 'trixie';
const LOG = 'apt.log';
const QUIET = { DEBIAN_FRONTEND: 'noninteractive' };

export function isSupportedDebian(): boolean {
  return (
    existsSync('/etc/os-release') &&
    readFileSync('/etc/os-release', 'utf8').includes(`VERSION_CODENAME=${RELEASE}`)
  );
}

/** Which of the packages are not installed. */
export function missingPackages(): string[] {
  return PACKAGES.filter((name) => {
    const status = outputOf('dpkg-query', ['-W', '-f', '${db:Status-Abbrev}', name]);
    return status === undefined || !/^.i/.test(status);
  });
}

export function installPackages(names: readonly string[]): void {
  // Another checkout may be installing: wait for apt's lock instead of failing on it.
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  runLogged(LOG, 'apt-get', [...wait, 'update', '-q'], { env: QUIET });
  const install = ['install', '-q', '-y', '--no-install-recommends'];
  runLogged(LOG, 'apt-get', [...wait, ...install, ...names], { env: QUIET });
}

/** Builds pgvector from Debian's source package and installs it for the Postgres of `pgConfig`. */
export function buildVector(pgConfig: string): void {
  const folder = path.join(SERVICES, 'pgvector');
  rmSync(folder, { recursive: true, force: true });
  for (const name of ['lists/partial', 'cache/archives/partial', 'source'])
    mkdirSync(path.join(folder, name), { recursive: true });
  const apt = privateApt(folder);
  const cwd = path.join(folder, 'source');
  runLogged(LOG, 'apt-get', [...apt, 'update', '-q'], { cwd, env: QUIET });
  runLogged(LOG, 'apt-get', [...apt, 'source', '-q', 'pgvector'], { cwd, env: QUIET });
  const [source] = globSync('pgvector-*/vector.control', { cwd });
  if (source === undefined) throw new Error('the source package of pgvector has no vector.control');
  const build = path.join(cwd, path.dirname(source));
  // OPTFLAGS: code for this machine's processor alone would not survive a move of the folder.
  const settings = ['OPTFLAGS=', 'with_llvm=no', `PG_CONFIG=${pgConfig}`];
  runLogged(LOG, 'make', ['-j2', ...settings], { cwd: build });
  // Apart from the build: in one call, make installs files that are still being written.
  runLogged(LOG, 'make', ['install', ...settings], { cwd: build });
  rmSync(folder, { recursive: true, force: true });
}

/** apt's options for a state of its own: the machine's lists, sources and cache stay as they are. */
function privateApt(folder: string): string[] {
  const mirror = machinesMirror();
  const keyring = mirror.signedBy === undefined ? '' : `[signed-by=${mirror.signedBy}] `;
  const list = path.join(folder, 'sources.list');
  writeFileSync(list, `deb-src ${keyring}${mirror.uri} ${VECTOR_RELEASE} main\n`);
  const settings = [
    `Dir::Etc::sourcelist=${list}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${path.join(folder, 'lists')}`,
    `Dir::Cache=${path.join(folder, 'cache')}`,
    // apt's sandbox user often can't reach a private checkout.
    'APT::Sandbox::User=root',
  ];
  return settings.flatMap((setting) => ['-o', setting]);
}

function machinesMirror(): AptSource {
  const files = ['/etc/apt/sources.list', ...globSync('/etc/apt/sources.list.d/*.{list,sources}')];
  const sources = files
    .filter((file) => existsSync(file))
    .flatMap((file) => parseAptSources(file, readFileSync(file, 'utf8')));
  const mirror = debianSource(sources, RELEASE);
  if (!mirror) throw new Error(`no source of Debian ${RELEASE} main in /etc/apt`);
  return mirror;
}
