/** What passes between the extractor and the process that reads for it. */
import { ExtractionError, type ExtractionFault } from '../../errors/index.ts';
import type { Extracted, ExtractInput, ExtractLimits } from './extracted.ts';

export interface ReadRequest {
  inputs: readonly ExtractInput[];
  limits: ExtractLimits;
}

export interface ToldFault {
  fault: ExtractionFault;
  message: string;
  remedy: string;
}

/** What came of one file. */
export type ReadResult = { extracted: Extracted } | { fault: ToldFault };

export type ReadAnswer =
  /** It has started and waits. */
  | { type: 'ready' }
  /**
   * @param results of each file, in order
   * @param rss what the process holds afterwards, bytes
   */
  | { type: 'read'; results: ReadResult[]; rss: number };

/**
 * What a reader threw, as it is told outside. What is not ours stays inside: a library's message quotes what it
 * stumbled over.
 */
export function tellFault(error: unknown): ToldFault {
  if (error instanceof ExtractionError) {
    const { fault, message, remedy } = error;
    return { fault, message, remedy };
  }
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return {
      fault: 'too-large',
      message: 'The file holds elements nested deeper than can be read.',
      remedy: 'Save it anew with its own program, or as plain text.',
    };
  }
  const kind = error instanceof Error ? error.name : 'unknown error';
  return {
    fault: 'damaged',
    message: `The file can't be read: it is damaged, or not what it says it is (${kind}).`,
    remedy: 'Open it with its own program and save it anew.',
  };
}
