/** How answers look on a terminal: tables, a progress line, hits. JSON goes to stdout as it is. */
import type { SearchAnswer } from '../search/index.ts';

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Columns padded to their widest value; numbers to the right. */
export function formatTable(header: string[], rows: (string | number | null)[][]): string {
  const cells = [header, ...rows.map((row) => row.map((cell) => String(cell ?? '–')))];
  const widths = header.map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const isNumeric = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
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

const MAX_SNIPPET = 220;

/** Hits as a person reads them. */
export function formatHits(query: string, answer: SearchAnswer): string {
  const head = `"${query}"  ${answer.mode}, ${answer.hits.length} hits in ${answer.took_ms} ms`;
  const lines = answer.hits.map((hit, index) => {
    const text = hit.chunk.text.replaceAll(/\s+/g, ' ').trim();
    const snippet =
      text.length > MAX_SNIPPET ? `${text.slice(0, MAX_SNIPPET - 1).toWellFormed()}…` : text;
    return `${String(index + 1).padStart(3)}. ${hit.source} ${hit.key}  (${hit.score.toFixed(3)})\n     ${snippet}`;
  });
  return [head, ...lines].join('\n');
}
