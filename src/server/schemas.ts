/**
 * What goes in and comes out over HTTP: checks requests, and is what `/openapi.json` is made from. The shapes are
 * those of `search/request.ts`, `queue/status.ts` and `engine/summary.ts`; the compiler compares them in `routes/`.
 */
import { z } from '@hono/zod-openapi';

import { filterFault } from '../search/index.ts';

const VALUE = { type: ['string', 'number', 'boolean', 'null'] } as const;
const FILTER = { $ref: '#/components/schemas/Filter' };
const COMPARISONS = ['$eq', '$ne', '$gt', '$gte', '$lt', '$lte'];

const condition = {
  type: 'object',
  description: 'Comparisons with a field; all must hold.',
  additionalProperties: false,
  properties: {
    ...Object.fromEntries(COMPARISONS.map((name) => [name, VALUE])),
    $in: { type: 'array', maxItems: 1_000, items: VALUE },
    $exists: { type: 'boolean', description: 'Whether it is neither null nor missing.' },
    $contains: {
      description:
        'Of an array, or one in jsonb: an element, or several that must all be in it. Of jsonb also keys with values.',
    },
  },
};

/** Written by hand: it holds itself, and `filterFault` says better what is wrong than a union of shapes. */
const filter = z
  .unknown()
  .superRefine((value, context) => {
    const fault = filterFault(value);
    if (fault !== null) context.addIssue({ code: 'custom', ...fault });
  })
  .openapi('Filter', {
    type: 'object',
    description:
      'Field to value, or to a condition; all of them must hold. A field is a column, or a path into one of jsonb. ' +
      '`$and`, `$or` and `$not` join filters, up to 10 deep and 200 conditions.',
    properties: {
      $and: { type: 'array', minItems: 1, items: FILTER },
      $or: { type: 'array', minItems: 1, items: FILTER },
      $not: FILTER,
    },
    additionalProperties: { anyOf: [VALUE, condition] },
    example: { status: 'open', seats: { $gte: 2 } },
  } as object);

const weight = z.number().min(0).max(1);

const searchExpert = z
  .strictObject({
    efSearch: z.int().min(1).max(1_000).optional(),
    probes: z.int().min(1).max(32_768).optional(),
    candidates: z.int().min(1).max(10_000).optional(),
    exact: z.boolean().optional(),
    rrfK: z.int().min(1).max(10_000).optional(),
    weights: z.strictObject({ vector: weight, text: weight }).optional(),
  })
  .openapi('SearchExpert', { description: 'For those who know better than the defaults.' });

const limit = z
  .int()
  .min(1)
  .max(1_000)
  .optional()
  .openapi({ description: 'Default 10.', example: 5 });
const offset = z.int().min(0).max(10_000).optional().openapi({ description: 'Default 0.' });

export const searchRequest = z
  .strictObject({
    query: z
      .string()
      .max(10_000)
      .regex(/\S/, 'must not be blank')
      .openapi({ description: 'What to look for.', example: 'quiet overnight flight to London' }),
    sources: z
      .array(z.string().min(1))
      .min(1)
      .max(100)
      .optional()
      .openapi({ description: 'Names of sources; all when absent.', example: ['offers'] }),
    mode: z
      .enum(['hybrid', 'vector', 'text'])
      .optional()
      .openapi({ description: 'By meaning, by words, or both (the default).', example: 'hybrid' }),
    filter: filter.optional(),
    limit,
    offset,
    expert: searchExpert.optional(),
    explain: z
      .boolean()
      .optional()
      .openapi({ description: 'Whether the answer says how it was found.' }),
    highlight: z
      .boolean()
      .optional()
      .openapi({ description: "Whether hits tell where the query's words are in their chunks." }),
    neighbors: z
      .int()
      .min(0)
      .max(5)
      .optional()
      .openapi({ description: 'Chunks before and after the best one, default 0.' }),
    rerank: z
      .boolean()
      .optional()
      .openapi({ description: 'Whether the configured re-ranker orders the best hits.' }),
  })
  .openapi('SearchRequest');

export const similarRequest = z
  .strictObject({
    source: z.string().min(1).openapi({ example: 'offers' }),
    key: z
      .string()
      .min(1)
      .max(10_000)
      .openapi({ description: 'Of the record, as a hit has it.', example: '966' }),
    filter: filter.optional(),
    limit,
    offset,
    expert: searchExpert.optional(),
  })
  .openapi('SimilarRequest');

const searchReport = z
  .object({
    rounds: z.int(),
    candidates: z.int(),
    ef_search: z.int(),
    probes: z.int(),
    sql_ms: z.number(),
    plan_ms: z.number(),
    sources: z.record(
      z.string(),
      z.object({
        index: z.enum(['hnsw', 'ivfflat', 'binary', 'none']),
        scan: z.enum(['exact', 'index', 'iterative', 'off']),
        estimated_chunks: z.number().nullable(),
        candidates: z.object({
          vector: z.int().nullable(),
          text: z.int().nullable(),
          visible: z.int(),
        }),
      }),
    ),
  })
  .openapi('SearchReport');

const explanation = z
  .object({
    searches: z.array(
      z.object({
        model: z.string().nullable(),
        query_vector: z.enum(['kept', 'made', 'none']),
        embed_ms: z.number(),
        database_ms: z.number(),
        database: searchReport.nullable(),
      }),
    ),
  })
  .openapi('SearchExplanation');

const chunkText = {
  index: z.int(),
  text: z.string(),
  start: z.int(),
  end: z.int(),
  section: z.string().nullable(),
  page: z.int().nullable().openapi({ description: 'From 1; null where there are no pages.' }),
};
const chunk = z.object(chunkText).openapi('Chunk', { description: "A slice of a record's text." });

const searchHit = z
  .object({
    source: z.string(),
    key: z.string().openapi({ description: 'The key of the row; a JSON array when composite.' }),
    score: z.number().openapi({ description: '0 to 1, comparable within one answer only.' }),
    scores: z.object({
      vector: z.number().nullable(),
      text: z.number().nullable(),
      rerank: z.number().nullable().optional(),
    }),
    chunk: z
      .object({
        ...chunkText,
        of: z.int().openapi({ description: 'How many chunks the record has.' }),
      })
      .openapi({ description: 'The best passage of the record.' }),
    record: z.record(z.string(), z.unknown()).openapi({ description: 'The row as it is now.' }),
    highlights: z
      .array(z.object({ start: z.int(), end: z.int() }))
      .optional()
      .openapi({ description: 'With `highlight`: UTF-16 offsets in `chunk.text`, end exclusive.' }),
    neighbors: z
      .object({ before: z.array(chunk), after: z.array(chunk) })
      .optional()
      .openapi({ description: 'With `neighbors`: the chunks next to it in the record.' }),
  })
  .openapi('SearchHit');

export const searchAnswer = z
  .object({
    hits: z.array(searchHit),
    took_ms: z.number(),
    mode: z.enum(['hybrid', 'vector', 'text']),
    space: z
      .record(z.string(), z.string())
      .openapi({ description: 'Source to the model that answered.' }),
    explain: explanation.optional().openapi({ description: 'Where it was asked for.' }),
    cache: z.enum(['hit', 'miss', 'bypass']).optional().openapi({
      description:
        'Where answers are kept: whether this is one. Also the header `x-evervec-cache`.',
    }),
    warning: z
      .string()
      .optional()
      .openapi({ description: 'What went wrong and did not keep it from being answered.' }),
  })
  .openapi('SearchAnswer');

const counts = { ready: z.int(), leased: z.int(), waiting: z.int(), parked: z.int() };

export const queueStatus = z
  .object({
    stopped: z.boolean().openapi({ description: 'No worker takes anything until it is started.' }),
    stopped_at: z.iso.datetime().nullable(),
    stopped_by: z.string().nullable(),
    workers: z.array(
      z
        .object({
          id: z.string(),
          host: z.string(),
          pid: z.int(),
          version: z.string(),
          started_at: z.iso.datetime(),
          heartbeat_age_s: z.number(),
          is_silent: z.boolean(),
          working_on: z.string().nullable(),
          working_s: z.number().nullable(),
          leased: z.int(),
          processed: z.int(),
          last_error: z.string().nullable(),
        })
        .openapi('Worker'),
    ),
    counts: z.object({ unfolded: z.int(), ...counts }),
    count_limit: z.int().openapi({ description: 'Where the count of a lane and state ends.' }),
    at_least: z
      .array(z.enum(['unfolded', 'ready', 'leased', 'waiting', 'parked']))
      .openapi({ description: 'The counts that are that many or more.' }),
    oldest_ready_s: z.number().nullable(),
    lanes: z.record(
      z.string(),
      z.object({
        ...counts,
        paused: z.boolean().openapi({ description: 'By an operator.' }),
        budget_paused: z
          .boolean()
          .openapi({ description: 'The daily budget is reached; until the next day in UTC.' }),
        priority: z.int().openapi({ description: 'Lower goes first.' }),
        concurrency: z
          .int()
          .nullable()
          .openapi({ description: 'Batches at once, of all workers.' }),
        share: z.number().nullable().openapi({ description: 'Of all claims, at least.' }),
        oldest_ready_s: z.number().nullable(),
      }),
    ),
  })
  .openapi('QueueStatus');

export const sources = z
  .object({
    sources: z.array(
      z
        .object({
          name: z.string(),
          table: z.string(),
          model: z.string(),
          records: z.int(),
          chunks: z.int(),
          is_estimate: z
            .boolean()
            .openapi({ description: 'Records and chunks are too many to be counted each time.' }),
          is_filling: z.boolean(),
          indexed: z.boolean(),
        })
        .openapi('Source'),
    ),
  })
  .openapi('Sources');

export const failure = z
  .object({
    error: z.object({
      code: z.string().openapi({ example: 'EVERVEC_SEARCH_REQUEST' }),
      message: z.string(),
      remedy: z.string().optional(),
      link: z.string(),
      requestId: z.string(),
    }),
  })
  .openapi('Error');
