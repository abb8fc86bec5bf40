/** Where the draft of a release lies when nobody says otherwise: beside the configuration, where the embedded database is too. */
import path from 'node:path';
import type { CommonOptions } from '../session.ts';

export function draftFolder({ config }: CommonOptions, name: string): string {
  const beside = config === undefined ? process.cwd() : path.dirname(path.resolve(config));
  return path.join(beside, '.evervec', 'releases', name);
}
