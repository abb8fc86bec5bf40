import { EvervecError } from './evervec-error.ts';

/** The ledger is asked for days that are none, or that it can't tell of. */
export class CostRequestError extends EvervecError {
  override readonly code = 'EVERVEC_COST_REQUEST';
}
