import { EvervecError } from './evervec-error.ts';

/** There is no document of that id, part of an id or origin; or there are several. */
export class UnknownDocumentError extends EvervecError {
  override readonly code = 'EVERVEC_UNKNOWN_DOCUMENT';
}
