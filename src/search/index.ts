export { searchByVector, type VectorRequest } from './by-vector.ts';
export { contextFor, type ContextParts } from './context.ts';
export type * from './context-request.ts';
export type * from './request.ts';
export { searchReranked } from './rerank.ts';
export { search } from './search.ts';
