/**
 * Cuts Markdown by its structure. A section that fits is a chunk with all below it; small ones are packed with their
 * neighbours as far as one path of headings is true of all; a large one is cut between blocks, else between a list's
 * items, a table's rows, lines of code, sentences, words. What fits is kept whole, a heading stays with its text, and of
 * equally good places one is taken that the next edit finds again.
 *
 * Plain text is Markdown without marks. Which places there are is `outline.ts`'s, which one is taken `structure-cut.ts`'s.
 */
import type { Chunk, Chunker } from './chunker.ts';
import { sectionOf } from './headings.ts';
import { type LimitOptions, type Limits, limitsId, limitsOf } from './limits.ts';
import { outlineOf } from './outline.ts';
import { Sections } from './sections.ts';
import { Cuts } from './structure-cut.ts';
import { earliestStart, overlapStart, roomAt, skipBlanks, skipBlanksBack } from './window.ts';

export type StructureChunkerOptions = LimitOptions;

/** Raise it with every change that cuts any text in another way: it makes a new space. */
const VERSION = 1;

/** @throws ConfigError when an option is out of range. */
export function createStructureChunker(options: StructureChunkerOptions = {}): Chunker {
  const limits = limitsOf(options);
  return {
    id: `structure@${VERSION}/${limitsId(limits)}`,
    chunk: (text) => chunkText(text, limits),
  };
}

function chunkText(text: string, limits: Limits): Chunk[] {
  const textEnd = skipBlanksBack(text, text.length, 0);
  const first = skipBlanks(text, 0, textEnd);
  if (first === textEnd) return [];
  const outline = outlineOf(text);
  const sections = new Sections(outline, limits.maxChars, textEnd);
  const cuts = new Cuts(text, outline, sections, limits, textEnd);
  const chunks: Chunk[] = [];
  let previous = -1;
  for (let done = first; done < textEnd;) {
    sections.moveTo(done);
    // What is repeated is of the same section, and no part of a heading.
    const lowest = Math.max(previous + 1, Math.min(done, sections.bodyStart));
    const start = overlapStart(text, done, earliestStart(text, done, lowest, limits));
    const room = roomAt(text, start, done, limits);
    const isWhole = done === first && textEnd - start <= room;
    const cut = isWhole ? textEnd : cuts.after(start, done, room);
    const end = skipBlanksBack(text, cut, start);
    const section = sectionOf(sections.pathUpTo(end));
    chunks.push({ index: chunks.length, start, end, text: text.slice(start, end), section });
    previous = start;
    done = skipBlanks(text, end, textEnd);
  }
  return chunks;
}
