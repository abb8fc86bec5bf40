/** Text templates: `{column}` is a field, `{{` and `}}` are braces. Pure; knows no database. */
import { ConfigError } from '../errors/index.ts';

type Piece = { literal: string } | { field: string };

export interface Template {
  /** Fields in order of appearance, each once. */
  fields: string[];
  /** A line that has fields, all of them null or blank, is left out; so is what is blank around the text. */
  render(values: Readonly<Record<string, string | null>>): string;
}

const TOKEN = /\{\{|\}\}|\{([^{}\n]+)\}|[{}]/g;

/** @throws ConfigError for a lone brace or a template without a field */
export function parseTemplate(source: string, template: string): Template {
  const lines = template.split('\n').map((line) => parseLine(source, line));
  const fields = [
    ...new Set(
      lines.flatMap((line) => line.flatMap((piece) => ('field' in piece ? [piece.field] : []))),
    ),
  ];
  if (fields.length === 0)
    throw new ConfigError(
      `Source "${source}": the template ${JSON.stringify(template.slice(0, 80))} names no column, so every row would have the same text.`,
      { remedy: `Write columns in braces, '{title}', or give a list, ['title'].`, isUsage: true },
    );
  return {
    fields,
    render(values) {
      const rendered: string[] = [];
      for (const line of lines) {
        const isEmpty = line.every((piece) => !('field' in piece) || isBlank(values[piece.field]));
        if (isEmpty && line.some((piece) => 'field' in piece)) continue;
        rendered.push(
          line
            .map((piece) => ('field' in piece ? (values[piece.field] ?? '') : piece.literal))
            .join(''),
        );
      }
      return rendered.join('\n').trim();
    },
  };
}

function parseLine(source: string, line: string): Piece[] {
  const pieces: Piece[] = [];
  let literal = '';
  let end = 0;
  for (const match of line.matchAll(TOKEN)) {
    literal += line.slice(end, match.index);
    end = match.index + match[0].length;
    const field = match[1]?.trim();
    if (match[0] === '{{' || match[0] === '}}') {
      literal += match[0][0];
    } else if (field !== undefined && field !== '') {
      pieces.push({ literal }, { field });
      literal = '';
    } else {
      throw new ConfigError(
        `Source "${source}": a lone brace in the template, near ${JSON.stringify(line.slice(match.index, match.index + 30))}.`,
        { remedy: 'Write {column} for a column, {{ and }} for braces.', isUsage: true },
      );
    }
  }
  pieces.push({ literal: literal + line.slice(end) });
  return pieces;
}

function isBlank(value: string | null | undefined): boolean {
  return value === null || value === undefined || value.trim() === '';
}
