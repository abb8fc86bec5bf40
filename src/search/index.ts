export type * from './request.ts';
export { search } from './search.ts';
