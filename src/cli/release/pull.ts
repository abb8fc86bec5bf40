/** `evervec release pull`: what a site publishes, as a folder to publish into. */
import type { Command } from 'commander';
import { folderTarget, pull, webSite } from '../../release/index.ts';
import { print, printJson } from '../output.ts';
import { keysFolder, type PlaceOptions, trustOrNone } from './place.ts';

interface Options extends Pick<PlaceOptions, 'keys' | 'json'> {
  from: string;
  to: string;
}

export function addPull(release: Command): void {
  release
    .command('pull')
    .requiredOption('--from <url>', 'of the folder that channel.json is in')
    .requiredOption('--to <folder>', 'that is published into, and deployed as a whole')
    .option('--keys <folder>', 'of the keys (default: release-keys)')
    .option('--json', 'print JSON')
    .description('bring back what a web site publishes, before the next release goes there')
    .action(async ({ from, to, json, ...options }: Options) => {
      const site = webSite(from);
      const trust = await trustOrNone(options);
      const by = trust && { anchor: trust.anchor, roots: trust.files };
      const outcome = await pull(site, folderTarget(to), by);
      if (trust === undefined)
        process.stderr.write(
          `warning: no keys are in ${keysFolder(options)}, so who signed this was not checked\n`,
        );
      if (json) return printJson({ site: site.name, ...outcome });
      if (!outcome.isPublished) return print(`${site.name}: nothing is published yet`);
      const { files, bytes, sequences } = outcome;
      print(
        `${site.name}: ${files} files, ${bytes.toLocaleString('en')} bytes, releases ${sequences.join(', ')}`,
      );
    });
}
