import { EvervecError } from './evervec-error.ts';

/** What may be spent on a day is spent: work that would spend more waits for the next one. No record is at fault. */
export class BudgetReachedError extends EvervecError {
  override readonly code = 'EVERVEC_BUDGET_REACHED';
}
