import { EvervecError } from './evervec-error.ts';

/**
 * Bytes that are not a whole, well-formed file of a release, or content that such a file can't hold.
 * The message names the part, the value and the limit, never what stands in a text.
 */
export class FormatError extends EvervecError {
  override readonly code = 'EVERVEC_FORMAT';
  /** The section of the binary file, or the path in the JSON document. */
  readonly part: string;

  constructor(
    part: string,
    what: string,
    options: { remedy?: string; cause?: unknown; isUsage?: boolean } = {},
  ) {
    super(`${part}: ${what}.`, {
      remedy: 'Take the release from its publisher again, or keep the one before.',
      ...options,
    });
    this.part = part;
  }
}
