import { type Command, InvalidArgumentError } from 'commander';
import type { Advice } from '../engine/index.ts';
import { formatTable, print, printJson } from './output.ts';
import { type CommonOptions, withCommonOptions, withEvervec } from './session.ts';

interface Options extends CommonOptions {
  recall: number;
}

export function addAdvise(program: Command): void {
  withCommonOptions(program.command('advise'))
    .argument('<source>', 'to measure')
    .option('--recall <share>', 'of the 10 nearest that a search shall find', readShare, 0.98)
    .description('measure how much searches by meaning find, and say how widely they have to look')
    .action(async (source: string, { recall, ...options }: Options) => {
      const advice = await withEvervec(options, (evervec) => evervec.advise(source, recall));
      if (options.json) return printJson(advice);
      print(formatAdvice(advice));
    });
}

function readShare(text: string): number {
  const share = Number(text);
  if (share > 0 && share <= 1) return share;
  throw new InvalidArgumentError(`${text} is not a share above 0, up to 1.`);
}

function formatAdvice(advice: Advice): string {
  const { source, index, setting, wanted, advised, exact_ms, sampled, measured } = advice;
  if (setting === null)
    return `${source} has no index yet: every search is exact, ${exact_ms.toFixed(2)} ms.`;
  const table = formatTable(
    [setting, 'recall@10', 'p50 ms'],
    measured.map(({ value, recall, p50_ms }) => [value, recall.toFixed(4), p50_ms.toFixed(2)]),
  );
  const verdict =
    advised === null
      ? `None reaches ${wanted}: search with exact (${exact_ms.toFixed(2)} ms), or build the index with a larger m.`
      : `${setting} ${advised} reaches ${wanted}; exact takes ${exact_ms.toFixed(2)} ms.`;
  return `${source}, ${index}, ${sampled} of its vectors\n${table}\n${verdict}`;
}
