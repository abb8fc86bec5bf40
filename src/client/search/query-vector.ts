/** The vector of a query, by whatever here is of the release's model; else a warning that says why there is none. */
import type { IndexSummary, QueryEmbedder, SearchWarning } from '../index-host.ts';

export interface QueryVector {
  readonly vector?: ArrayLike<number>;
  readonly warning?: SearchWarning;
}

/** Then the words are all there is. */
const PATIENCE_MS = 15_000;

/** @param embedders the first of the release's model is asked */
export async function vectorOf(
  query: string,
  { model, dimensions }: IndexSummary,
  embedders: readonly QueryEmbedder[],
): Promise<QueryVector> {
  const embedder = embedders.find(({ fingerprint }) => fingerprint === model.fingerprint);
  if (embedder === undefined) return { warning: missing(model, embedders) };
  try {
    const vector = await inTime(embedder.embed(query));
    if (vector === undefined) return failed(`it gave none within ${PATIENCE_MS / 1_000} seconds`);
    if (vector.length === dimensions && Array.prototype.every.call(vector, Number.isFinite))
      return { vector };
    return failed(`it gave no ${dimensions} finite numbers`);
  } catch (error) {
    // Names alone: a message may quote the query.
    return failed(error instanceof Error ? error.name : 'it failed');
  }
}

async function inTime<Value>(made: Promise<Value>): Promise<Value | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), PATIENCE_MS);
  try {
    return await Promise.race([made, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function missing(
  { id, fingerprint }: IndexSummary['model'],
  embedders: readonly QueryEmbedder[],
): SearchWarning {
  if (embedders.length === 0)
    return {
      name: 'no-model',
      message: `Searched by words alone: nothing here embeds queries with ${id}.`,
    };
  const given = embedders.map((embedder) => embedder.fingerprint).join(', ');
  return {
    name: 'other-model',
    message: `Searched by words alone: the release is of ${id} (${fingerprint}), the model here is another (${given}).`,
  };
}

function failed(why: string): QueryVector {
  return {
    warning: {
      name: 'model-failed',
      message: `Searched by words alone: the query could not be embedded: ${why}.`,
    },
  };
}
