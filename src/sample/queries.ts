/** Three searches over the sample that show what Evervec finds, for the command, the page and the docs. */
import type { SearchRequest } from '../search/request.ts';

export interface SampleQuery {
  request: SearchRequest;
  /** What it shows, in a sentence. */
  why: string;
}

export const sampleQueries: readonly SampleQuery[] = [
  {
    request: { query: 'quiet overnight flight to London with beds', sources: ['offers'] },
    why: 'Meaning and words together: night flights with flat berths to the airports around London.',
  },
  {
    request: {
      query: 'ski weekend in the Alps with room for luggage',
      sources: ['offers'],
      filter: { status: 'open', seats: { $gte: 2 } },
    },
    why: 'A filter on columns beside the search: only offers that are open and have two seats or more.',
  },
  {
    request: { query: 'small mountain airport close to ski slopes' },
    why: 'All sources at once: airports and offers, ranked together.',
  },
];
