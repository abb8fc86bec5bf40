/** How the lists of `evervec queue` look: a table that fits 100 columns, or with --details every field of each entry. */
import { type Command, Option } from 'commander';
import { formatTable, print, printable, printJson } from '../output.ts';
import { type CommonOptions, withCommonOptions } from '../session.ts';
import { wholeNumber } from '../worker.ts';

export interface ReadOptions extends CommonOptions {
  details?: boolean;
}

export interface ListOptions extends ReadOptions {
  limit?: number;
}

export const MAX_WIDTH = 100;

/** Options of a command that shows something. */
export function withReadOptions(command: Command): Command {
  return withCommonOptions(command).option('--details', 'every field, nothing cut short');
}

/** Options of a command that lists. */
export function withListOptions(command: Command): Command {
  return withReadOptions(command).addOption(
    new Option('--limit <n>', 'entries, 1 to 10000').argParser(wholeNumber(1, 10_000)).default(20),
  );
}

export function withSources(command: Command): Command {
  return command.option('--source <names>', 'only these sources, with commas between', splitNames);
}

export function splitNames(names: string): string[] {
  return names.split(',').map((name) => name.trim());
}

type Cell = string | number | null;

/** Prints entries as a table of `columns`, with --details as they are, with --json as `{ [name]: entries }`. */
export function printList<Entry extends object>(
  name: string,
  entries: readonly Entry[],
  columns: Record<string, (entry: Entry) => Cell>,
  options: ReadOptions & { empty: string },
): void {
  if (options.json) return printJson({ [name]: entries });
  if (entries.length === 0) return print(options.empty);
  if (options.details) return print(entries.map(formatEntry).join('\n\n'));
  const makers = Object.values(columns);
  const rows = entries.map((entry) => makers.map((make) => make(entry)));
  print(formatTable(Object.keys(columns), rows, MAX_WIDTH));
}

/** A line per field. */
export function formatEntry(entry: object): string {
  const fields = Object.entries(entry);
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields
    .map(([name, value]) => {
      const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
      return `${name.padEnd(width)}  ${printable(String(text ?? '–'))}`;
    })
    .join('\n');
}

/** `2026-07-01 12:00:05`, in UTC. */
export function time(iso: string | null): string | null {
  return iso === null ? null : iso.slice(0, 19).replace('T', ' ');
}

/** A duration as people say it. */
export function duration(seconds: number | null): string | null {
  if (seconds === null) return null;
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 7_200) return `${(seconds / 60).toFixed(0)} min`;
  return `${(seconds / 3_600).toFixed(0)} h`;
}

/** A rounded number, or nothing where there is none. */
export function rounded(value: number | null, digits = 0): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}

export function count(value: number, noun: string): string {
  return `${value.toLocaleString('en')} ${noun}${value === 1 ? '' : 's'}`;
}
