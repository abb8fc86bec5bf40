/**
 * A tool for the AI SDK: a model asks, and reads passages with their citations. What may be searched is said here, by the
 * program; the model chooses its words alone.
 */
import { type Tool, tool } from 'ai';
import { z } from 'zod';
import type { Evervec } from '../engine/index.ts';
import type { ContextAnswer, ContextOptions, ContextRequest } from '../search/index.ts';

export interface SearchToolOptions extends Omit<ContextRequest, 'query'>, ContextOptions {
  /** What the model is told of the tool: say what can be found with it. */
  description?: string;
}

/** A question, as the model puts it. */
export interface SearchToolInput {
  query: string;
}

const DESCRIPTION =
  'Searches the knowledge base, and answers passages to be cited by their numbers. Ask in the words of what is looked for.';

const inputSchema: z.ZodType<SearchToolInput> = z.object({
  query: z.string().min(1).max(1_000).describe('What to look for'),
});

/**
 * `tools: { search: searchTool(evervec, { sources: ['articles'] }) }`. The model reads the text; the program has the whole
 * answer, citations included, as the tool's output.
 * @param evervec what has a context; it stays open for as long as the tool is used
 */
export function searchTool(
  evervec: Pick<Evervec, 'context'>,
  { description = DESCRIPTION, countTokens, ...request }: SearchToolOptions = {},
): Tool<SearchToolInput, ContextAnswer> {
  return tool({
    description,
    inputSchema,
    execute: async ({ query }, { abortSignal }): Promise<ContextAnswer> =>
      await evervec.context({ ...request, query }, countTokens ? { countTokens } : {}, abortSignal),
    toModelOutput: ({ output }) => ({
      type: 'text' as const,
      value: output.text || 'Nothing found.',
    }),
  });
}
