/** What may be said to a search beside its defaults: each value within its range, or an error that names both. */
import { SearchRequestError } from '../errors/index.ts';
import type { SearchExpert } from './request.ts';

/** Least and most of each whole number. */
export const EXPERT_RANGES = {
  efSearch: [1, 1_000],
  probes: [1, 32_768],
  candidates: [1, 10_000],
  rrfK: [1, 10_000],
} as const;

const NAMES = [...Object.keys(EXPERT_RANGES), 'exact', 'weights'];

/** @throws SearchRequestError */
export function checkExpert(expert: SearchExpert): void {
  if (typeof expert !== 'object' || expert === null || Array.isArray(expert))
    refuse('expert is not an object.', `It may have ${NAMES.join(', ')}.`);
  for (const name of Object.keys(expert))
    if (!NAMES.includes(name))
      refuse(`There is no expert.${name}.`, `It may have ${NAMES.join(', ')}.`);
  for (const [name, [least, most]] of Object.entries(EXPERT_RANGES)) {
    const value = expert[name as keyof typeof EXPERT_RANGES];
    if (value !== undefined && !(Number.isInteger(value) && value >= least && value <= most))
      refuse(
        `expert.${name} ${String(value)} is out of range.`,
        `Use a whole number from ${least} to ${most}.`,
      );
  }
  if (expert.exact !== undefined && typeof expert.exact !== 'boolean')
    refuse(`expert.exact is ${String(expert.exact)}.`, 'Use true or false.');
  if (expert.weights !== undefined) checkWeights(expert.weights);
}

function checkWeights(weights: NonNullable<SearchExpert['weights']>): void {
  const { vector, text, ...others } = weights;
  const isFit =
    [vector, text].every((weight) => typeof weight === 'number' && weight >= 0 && weight <= 1) &&
    vector + text > 0 &&
    Object.keys(others).length === 0;
  if (!isFit)
    refuse(
      `expert.weights are ${String(vector)} for vector and ${String(text)} for text.`,
      'Use two numbers from 0 to 1, not both 0.',
    );
}

function refuse(message: string, remedy: string): never {
  throw new SearchRequestError(message, { remedy, isUsage: true });
}
