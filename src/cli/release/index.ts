/** `evervec release …`: indexes for pages to search by themselves. */
import type { Command } from 'commander';

/** Modules about releases are many, and no other command needs them: they are loaded where one of theirs is asked for. */
export async function addRelease(program: Command): Promise<void> {
  const release = program
    .command('release')
    .description('releases: build for pages to search, sign, publish, roll out');
  if (!process.argv.includes('release')) return;
  const { addCommands } = await import('./commands.ts');
  addCommands(release);
}
