/** A context as it goes in and comes out over HTTP; the shapes are those of `search/context-request.ts`. */
import { z } from '@hono/zod-openapi';

import { searchRequest } from './schemas.ts';

export const contextRequest = searchRequest
  .omit({ limit: true, offset: true, highlight: true, explain: true })
  .extend({
    tokens: z
      .int()
      .min(1)
      .max(200_000)
      .optional()
      .openapi({ description: 'What `text` may have; default 2,000.', example: 1_000 }),
    limit: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .openapi({ description: 'The best records that are looked at; default 20.' }),
    neighbors: z
      .int()
      .min(0)
      .max(5)
      .optional()
      .openapi({ description: 'Chunks either side of the best one of a record; default 1.' }),
  })
  .openapi('ContextRequest');

const citation = z
  .object({
    n: z.int().openapi({ description: 'As it stands in the text, from 1.' }),
    source: z.string(),
    key: z.string(),
    version: z
      .string()
      .nullable()
      .openapi({ description: "A document's version; else a hash that changes with the text." }),
    title: z.string().nullable(),
    section: z.string().nullable(),
    page: z.int().nullable(),
    start: z.int().openapi({ description: "UTF-16 offset in the record's text." }),
    end: z.int(),
    url: z.string().optional(),
  })
  .openapi('Citation');

export const contextAnswer = z
  .object({
    text: z.string().openapi({ description: 'For a prompt, as it is; empty where there is none.' }),
    tokens: z.int().openapi({ description: 'Of the text.' }),
    citations: z.array(citation),
    mark: z.string().openapi({ description: 'Around each passage and in none of them.' }),
    reason: z.enum(['nothing found', 'too few tokens']).optional(),
    warning: z.string().optional(),
    took_ms: z.number(),
    mode: z.enum(['hybrid', 'vector', 'text']),
    space: z.record(z.string(), z.string()),
  })
  .openapi('ContextAnswer');
