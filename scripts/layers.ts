/**
 * Checks the import order of docs/architecture.md: a folder of `src/` imports only from folders above it,
 * and the first ones know no Node. Prints each arrow that goes the wrong way; exits 1 if there is one.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ORDER = [
  'errors',
  'runtime',
  'format',
  'ranking',
  'database',
  'queue',
  'chunk',
  'source',
  'document',
  'embed',
  'space',
  'search',
  'release',
  'operate',
  'evaluate',
  'worker',
  'engine',
  'adapters',
  'sample',
  'edge',
  'server',
  'mcp',
  'cli',
  'client',
  'testing',
];
const WITHOUT_NODE = new Set(['errors', 'runtime', 'format', 'ranking', 'client']);
/** Exported apart from the rest of the client, which does not import it. */
const KNOWS_NODE = new Set([path.join('src', 'client', 'stores', 'folder-store.ts')]);
const CLIENT_MAY = new Set(['errors', 'runtime', 'format', 'ranking', 'client']);
const IMPORT = /(?:from|import)\s*\(?\s*'([^']+)'/g;

const faults: string[] = [];
for (const file of globSync('src/**/*.{ts,tsx}')) {
  const folder = file.split(path.sep)[1] ?? '';
  if (file === path.join('src', 'index.ts')) continue;
  if (!ORDER.includes(folder)) faults.push(`${file}: src/${folder} is not a layer`);
  const isTest = /\.test\.tsx?$/.test(file);
  for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    const isWithoutNode = WITHOUT_NODE.has(folder) && !isTest && !KNOWS_NODE.has(file);
    if (target.startsWith('node:') && isWithoutNode)
      faults.push(`${file}: ${folder} must not know Node, but imports ${target}`);
    if (!target.startsWith('.')) continue;
    const resolved = path.relative('src', path.join(path.dirname(file), target));
    const other = resolved.split(path.sep)[0] ?? '';
    if (other === folder || isTest) continue;
    if (resolved.startsWith('..')) continue;
    const isBelow = ORDER.indexOf(other) > ORDER.indexOf(folder);
    if (isBelow || (folder === 'client' && !CLIENT_MAY.has(other)))
      faults.push(`${file}: ${folder} must not import from ${other}`);
  }
}
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? 'layers: in order' : `layers: ${faults.length} wrong`);
process.exitCode = faults.length === 0 ? 0 : 1;
