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
export type * from './request.ts';
export { search } from './search.ts';
