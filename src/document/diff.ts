/**
 * What differs between two texts: by lines, and by words within what changed. Bounded in time, whatever the texts: two
 * texts of 5,000 lines without one in common take seconds otherwise.
 */
import { diffLines, diffWordsWithSpace, type ChangeObject } from 'diff';

export interface DiffPart {
  kind: 'same' | 'added' | 'removed';
  text: string;
}

export interface TextDiff {
  unit: 'lines' | 'words';
  /** In order; `same` and `removed` parts together are the first text, `same` and `added` ones the second. */
  parts: DiffPart[];
  /** Units that are in one text only. */
  added: number;
  removed: number;
  /** Whether it was given up for time, and the texts are told as one whole instead of the other. */
  isCoarse: boolean;
}

export interface DiffOptions {
  /** Default `lines`. */
  unit?: 'lines' | 'words';
  /** Default 1,000. */
  timeoutMs?: number;
}

export function diffTexts(
  from: string,
  to: string,
  { unit = 'lines', timeoutMs = 1_000 }: DiffOptions = {},
): TextDiff {
  const changes =
    unit === 'lines'
      ? diffLines(from, to, { timeout: timeoutMs })
      : diffWordsWithSpace(from, to, { timeout: timeoutMs });
  const parts = changes?.map(toPart) ?? wholes(from, to);
  const count = (kind: DiffPart['kind']) =>
    changes === undefined
      ? countUnits(kind === 'added' ? to : from, unit)
      : parts
          .filter((part) => part.kind === kind)
          .reduce((sum, part) => sum + countUnits(part.text, unit), 0);
  return {
    unit,
    parts,
    added: count('added'),
    removed: count('removed'),
    isCoarse: changes === undefined,
  };
}

function toPart({ added, removed, value }: ChangeObject<string>): DiffPart {
  return { kind: added ? 'added' : removed ? 'removed' : 'same', text: value };
}

function wholes(from: string, to: string): DiffPart[] {
  return [
    { kind: 'removed', text: from },
    { kind: 'added', text: to },
  ];
}

function countUnits(text: string, unit: 'lines' | 'words'): number {
  if (unit === 'words') return text.match(/\S+/gu)?.length ?? 0;
  const lines = text.split('\n').length;
  return text.endsWith('\n') ? lines - 1 : lines;
}
