import { EvervecError } from './evervec-error.ts';

/**
 * What the release client can't do as it stands: search before anything is installed (`EVERVEC_CLIENT_NO_INDEX`), go on after it was closed
 * (`EVERVEC_CLIENT_CLOSED`), get an answer from a worker that died (`EVERVEC_CLIENT_WORKER`).
 */
export class ReleaseClientError extends EvervecError {
  override readonly code: `EVERVEC_CLIENT_${string}`;

  constructor(
    code: `EVERVEC_CLIENT_${string}`,
    message: string,
    options: ConstructorParameters<typeof EvervecError>[1],
  ) {
    super(message, options);
    this.code = code;
  }
}
