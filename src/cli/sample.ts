/** The sample that `up --sample` shows; the data and its configuration are in `sample/`. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LoadedSample, loadSample } from '../sample/load.ts';
import { sampleQueries } from '../sample/queries.ts';
import type { Database } from '../database/index.ts';
import type { Config } from '../engine/index.ts';
import { loadConfig } from './load-config.ts';

export const SAMPLE_QUERIES = sampleQueries;

export async function loadSampleConfig(): Promise<Config> {
  const name = `../sample/evervec.config${path.extname(import.meta.url)}`;
  return await loadConfig(fileURLToPath(new URL(name, import.meta.url)));
}

/** Creates the sample tables where they are missing. @returns how many rows they hold */
export async function prepareSample(database: Database): Promise<LoadedSample> {
  return await loadSample(database);
}
