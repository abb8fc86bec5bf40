/** Runs Evervec's own commands, as a user would type them, and shows which. Nothing of the caller's own set-up reaches them. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Refused, say } from './say.ts';

const COMMAND = fileURLToPath(new URL('../../../bin/evervec.js', import.meta.url));
const OTHERS = /^(DATABASE_|EMBEDDING_|EVERVEC_|SEMANTIC_)/;

/**
 * @param args after `evervec`
 * @param folder that it runs in
 * @throws Refused with all that it said, where it fails
 */
export async function evervec(args: readonly string[], folder: string): Promise<void> {
  const started = performance.now();
  const { code, output } = await ended(args, folder);
  const shown = `evervec ${args.join(' ')}`.replaceAll(`${folder}/`, '');
  if (code !== 0) throw new Refused(`${shown}\n${output}`);
  say(`  ${shown}  (${((performance.now() - started) / 1_000).toFixed(1)} s)`);
}

function ended(
  args: readonly string[],
  folder: string,
): Promise<{ code: number | null; output: string }> {
  const kept = Object.entries(process.env).filter(([name]) => !OTHERS.test(name));
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: folder,
    env: Object.fromEntries(kept),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pieces: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => pieces.push(piece));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: Buffer.concat(pieces).toString() }));
  });
}
