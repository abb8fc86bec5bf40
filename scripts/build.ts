/**
 * Builds the published package: `src/` as JavaScript with types in `dist/`, one file for one, since the database's thread
 * and the page are found beside their modules. What is not TypeScript is copied.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';
import path from 'node:path';

rmSync('dist', { recursive: true, force: true });
const compiled = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
const assets = globSync('src/**/*.{sql,csv,html,css,js,json}');
for (const asset of assets) cpSync(asset, path.join('dist', path.relative('src', asset)));
console.log(`dist: built, ${assets.length} files copied`);
