export { EXPERT_RANGES } from './expert.ts';
export type * from './request.ts';
export { search } from './search.ts';
export type { KnownSpaces } from './spaces.ts';
export { similar } from './similar.ts';
