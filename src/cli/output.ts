/** How answers look on a terminal: tables, a progress line, how a search was found. JSON goes to stdout as it is. */
import type { ExplainedSearch, SearchExplanation } from '../search/index.ts';

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Columns padded to their widest value; numbers to the right. Beyond `maxWidth` the widest texts are cut short. */
export function formatTable(
  header: string[],
  rows: (string | number | null)[][],
  maxWidth = Number.POSITIVE_INFINITY,
): string {
  const cells = [header, ...rows.map((row) => row.map((cell) => printable(String(cell ?? '–'))))];
  const isNumeric = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  );
  const widths = fitWidths(
    header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))),
    isNumeric,
    maxWidth,
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return isNumeric[column] ? cell.padStart(width) : shorten(cell, width).padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Values come from users' tables: a control character in a key must not reach the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '\u{FFFD}');
}

const MIN_WIDTH = 8;

/** Takes from the widest texts first. */
function fitWidths(widths: number[], isNumeric: boolean[], maxWidth: number): number[] {
  const fitted = [...widths];
  const total = () => fitted.reduce((sum, width) => sum + width, 2 * (fitted.length - 1));
  while (total() > maxWidth) {
    const texts = fitted.filter((_, column) => !isNumeric[column]);
    const widest = Math.max(...texts);
    if (widest <= MIN_WIDTH) break;
    const column = fitted.findIndex((width, index) => width === widest && !isNumeric[index]);
    fitted[column] = widest - 1;
  }
  return fitted;
}

export function shorten(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1).toWellFormed()}…` : text;
}

/** A line on stderr that follows long work: redrawn on a terminal, every five seconds elsewhere. */
export class Progress {
  readonly #started = performance.now();
  #lastDrawn = Number.NEGATIVE_INFINITY;

  update(text: string): void {
    const { isTTY } = process.stderr;
    const now = performance.now();
    if (now - this.#lastDrawn < (isTTY ? 100 : 5_000)) return;
    this.#lastDrawn = now;
    process.stderr.write(isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
  }

  /** `done` of `total` with rate and time left. */
  count(label: string, done: number, total: number): void {
    const seconds = (performance.now() - this.#started) / 1_000;
    const rate = done / Math.max(seconds, 0.001);
    const left = rate > 0 ? Math.ceil((total - done) / rate) : 0;
    this.update(
      `${label}: ${done.toLocaleString('en')} of ${total.toLocaleString('en')}, ${Math.round(rate).toLocaleString('en')}/s, ${left} s left`,
    );
  }

  end(text?: string): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
    if (text !== undefined) process.stderr.write(`${text}\n`);
  }
}

/** How a search was found, a line for each source. */
export function formatExplanation({ searches }: SearchExplanation): string {
  return searches.flatMap(explainedLines).join('\n');
}

function explainedLines(search: ExplainedSearch): string[] {
  const { model, query_vector, embed_ms, database_ms, database } = search;
  const vector = model === null ? 'no model asked' : `vector ${query_vector} by ${model}`;
  const times = `${embed_ms.toFixed(1)} ms; database ${database_ms.toFixed(1)} ms`;
  if (database === null) return [`${vector}, ${times}: nothing was looked at`];
  const { rounds, candidates, ef_search, probes, sql_ms, plan_ms, sources } = database;
  return [
    `${vector}, ${times}, of it planning ${plan_ms.toFixed(1)}, search ${sql_ms.toFixed(1)}`,
    `rounds ${rounds}, candidates ${candidates}, ef_search ${ef_search}, probes ${probes}`,
    ...Object.entries(sources).map(([name, source]) => {
      const { index, scan, estimated_chunks: estimated, candidates: found } = source;
      const expected =
        estimated === null ? '' : `, ${Math.round(estimated)} chunks expected to pass`;
      const legs = `${found.vector ?? '-'} by meaning, ${found.text ?? '-'} by words`;
      return `${name}: index ${index}, scan ${scan}${expected}; ${legs}, ${found.visible} visible`;
    }),
  ];
}
