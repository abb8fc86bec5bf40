export { AnswerCache, type CacheStats } from './answer-cache.ts';
export { cachedSearch } from './cached-search.ts';
export {
  type FieldFilter,
  type Filter,
  type FilterCondition,
  type FilterElement,
  type FilterFault,
  filterFault,
  type FilterValue,
  type JoinedFilter,
} from './filter.ts';
export { FilterUses } from './filter-uses.ts';
export { pruneTouches, readGeneration } from './generation.ts';
export type * from './request.ts';
export { search } from './search.ts';
