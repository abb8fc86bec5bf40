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
/** Of higher folders, what a page runs too: each knows no Node, and imports only what a page may. */
const PURE = new Set(
  Object.entries({
    chunk: 'boundaries chunker context headings limits lines outline token-bound window',
    'embed/embedded':
      'decode-model embed-text hashed-words hashing near-words-fingerprint term-reader term-table text-sum ' +
      'unit-classes weigh-word word-weights',
    search: 'check-asked filter words-of-chunks',
  }).flatMap(([folder, names]) => names.split(' ').map((name) => `${folder}/${name}`)),
);
const IMPORT = /(?:from|import)\s*\(?\s*'([^']+)'/g;

const faults: string[] = [];
for (const file of globSync('src/**/*.{ts,tsx}')) {
  const folder = file.split(path.sep)[1] ?? '';
  if (file === path.join('src', 'index.ts')) continue;
  if (!ORDER.includes(folder)) faults.push(`${file}: src/${folder} is not a layer`);
  const isTest = /\.test\.tsx?$/.test(file);
  const isPure = PURE.has(moduleName(path.relative('src', file)));
  for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    const isWithoutNode = (WITHOUT_NODE.has(folder) && !KNOWS_NODE.has(file)) || isPure;
    if (target.startsWith('node:') && isWithoutNode && !isTest)
      faults.push(`${file}: ${folder} must not know Node, but imports ${target}`);
    if (!target.startsWith('.') || isTest) continue;
    const resolved = path.relative('src', path.join(path.dirname(file), target));
    if (resolved.startsWith('..')) continue;
    const other = resolved.split(path.sep)[0] ?? '';
    const isForPages = CLIENT_MAY.has(other) || PURE.has(moduleName(resolved));
    if (isPure && !isForPages)
      faults.push(`${file}: pages run it, so it must not import ${resolved}`);
    if (other === folder) continue;
    const isBelow = ORDER.indexOf(other) > ORDER.indexOf(folder);
    if (isBelow || (folder === 'client' && !isForPages))
      faults.push(`${file}: ${folder} must not import from ${other}`);
  }
}

function moduleName(file: string): string {
  return file
    .split(path.sep)
    .join('/')
    .replace(/\.tsx?$/, '');
}

for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? 'layers: in order' : `layers: ${faults.length} wrong`);
process.exitCode = faults.length === 0 ? 0 : 1;
