/**
 * Builds the published package: `src/` as JavaScript with types in `dist/` (or the folder that is given), one file for
 * one, since the database's thread and the page are found beside their modules. What is not TypeScript is copied.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';
import path from 'node:path';

const out = process.argv[2] ?? 'dist';
rmSync(out, { recursive: true, force: true });
const args = ['-p', 'tsconfig.build.json', '--outDir', out];
const compiled = spawnSync('tsc', args, { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
const assets = globSync('src/**/*.{sql,csv,html,css,js,json,bin,txt}');
for (const asset of assets) cpSync(asset, path.join(out, path.relative('src', asset)));
console.log(`${out}: built, ${assets.length} files copied`);
