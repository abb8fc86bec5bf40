/**
 * Makes the embedded model's file anew: fetches the packages, reads their text, trains, packs. Needs Debian 12 with
 * python3-numpy and python3-scipy; some minutes on one core.
 *
 *     node scripts/train-embedded-model/train.ts <folder to work in>
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportModel } from './export-model.ts';
import { run, unpackPackages } from './packages.ts';
import { writeCorpus } from './write-corpus.ts';

// More threads would add numbers in another order, and so give another file.
process.env['OPENBLAS_NUM_THREADS'] = '1';

const folder = process.argv[2];
if (folder === undefined)
  throw new Error('usage: node scripts/train-embedded-model/train.ts <folder to work in>');
const packages = path.join(path.resolve(folder), 'packages');
const corpus = path.join(path.resolve(folder), 'corpus');
const trained = path.join(path.resolve(folder), 'trained');
mkdirSync(corpus, { recursive: true });
unpackPackages(packages);
for (const [name, tokens] of writeCorpus(packages, corpus)) console.log(`${name}: ${tokens} words`);
run('/usr/bin/python3', [fileURLToPath(new URL('train.py', import.meta.url)), corpus, trained]);
console.log(exportModel(trained));
