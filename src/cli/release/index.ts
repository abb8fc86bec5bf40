/** `evervec release …`: indexes for pages to search by themselves. */
import type { Command } from 'commander';
import { addBuild } from './build.ts';

export function addRelease(program: Command): void {
  const release = program.command('release').description('releases: build for pages to search');
  for (const add of [addBuild]) add(release);
}
