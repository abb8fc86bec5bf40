import { EvervecError } from './evervec-error.ts';

/** What of a document can't be taken, each for itself: the others of an import go on. */
export type DocumentFault =
  /** A field, as a date that is none or a tier that is not configured. */
  | 'field'
  /** The same file, or the same origin, is there already, and that was to be an error. */
  | 'duplicate'
  /** There is no such version of it. */
  | 'version';

/** A document is not taken, or not as it is asked for. */
export class DocumentError extends EvervecError {
  override readonly code = 'EVERVEC_DOCUMENT';
  readonly fault: DocumentFault;

  constructor(message: string, options: { fault: DocumentFault; remedy: string; cause?: unknown }) {
    super(message, { ...options, isUsage: true });
    this.fault = options.fault;
  }
}
