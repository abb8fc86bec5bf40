export { AnswerCache, type CacheStats } from './answer-cache.ts';
export { searchByVector, type VectorRequest } from './by-vector.ts';
export { cachedSearch } from './cached-search.ts';
export { contextFor, type ContextParts } from './context.ts';
export type * from './context-request.ts';
export { EXPERT_RANGES } from './expert.ts';
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
export { searchReranked } from './rerank.ts';
export { search } from './search.ts';
export type { KnownSpaces } from './spaces.ts';
export { similar } from './similar.ts';
