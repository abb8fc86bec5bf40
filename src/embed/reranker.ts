/**
 * What orders hits anew: a re-ranking model of the AI SDK, or a function of the program's. Here a call is made, limited in
 * time, noted in the ledger and its answer checked; what its scores are used for is the search's.
 */
import { ModelAnswerError, ProviderError } from '../errors/index.ts';
import type { Ledger } from './ledger.ts';
import { providerFault } from './provider-fault.ts';

/** The part of the AI SDK's `RerankingModelV3` and `V4` that is used; its objects fit in as they are. */
export interface AiSdkReranker {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  // A method, so that the SDK's own option types, which are wider, are accepted.
  doRerank(options: {
    documents: { type: 'text'; values: string[] };
    query: string;
    abortSignal?: AbortSignal;
  }): PromiseLike<{ readonly ranking: readonly { index: number; relevanceScore: number }[] }>;
}

/** @returns a score for each of `texts`, in their order; higher is better */
export type RerankFunction = (
  query: string,
  texts: readonly string[],
  options: { signal: AbortSignal },
) => readonly number[] | PromiseLike<readonly number[]>;

export interface RerankerSettings {
  model: AiSdkReranker | RerankFunction;
  /** Of the hits, the best so many are ordered anew: 1 to 200, default 50. */
  candidates?: number | undefined;
  /** For one call, ms, 1 to 60,000; default 5,000. */
  timeoutMs?: number | undefined;
}

export type RerankerChoice = RerankerSettings | RerankerSettings['model'];

export interface Reranker {
  /** `provider/model`; of a function its name. */
  readonly id: string;
  readonly candidates: number;
  /**
   * Scores of `texts`, in their order; null for one that the model left out.
   * @throws ProviderError, ModelAnswerError, without what was asked; the signal's reason when it aborts
   */
  score(query: string, texts: readonly string[], options: ScoreOptions): Promise<(number | null)[]>;
}

interface ScoreOptions {
  /** For the ledger: the one that the call is counted for. */
  source: string;
  signal?: AbortSignal | undefined;
}

const CANDIDATES = 50;
const TIMEOUT_MS = 5_000;
/** UTF-16 units of one text that are sent: a chunk may be longer than any model looks at. */
const MAX_CHARS = 10_000;

export function createReranker(choice: RerankerChoice, ledger: Ledger): Reranker {
  const settings = 'model' in choice ? choice : { model: choice };
  const { model, candidates = CANDIDATES, timeoutMs = TIMEOUT_MS } = settings;
  const isFunction = typeof model === 'function';
  const provider = isFunction ? 'the re-ranking function' : model.provider;
  const id = isFunction ? model.name || 'function' : `${model.provider}/${model.modelId}`;
  const call = isFunction ? callFunction : callModel;
  const score: Reranker['score'] = async (query, texts, { source, signal }) => {
    const note = (failed: number) => {
      // What a program does itself costs what it knows. Providers bill searches, not tokens: those are not counted.
      const key = { day: null, source, model: id, provider, cause: 'query', price: null } as const;
      if (!isFunction) ledger.gather({ ...key, calls: 1, texts: texts.length, failed });
    };
    try {
      const sent = texts.map((text) => text.slice(0, MAX_CHARS).toWellFormed());
      const scores = await inTime(timeoutMs, provider, signal, (limited) =>
        call(model as never, query, sent, limited),
      );
      note(0);
      return scores;
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      note(1);
      throw withoutText(error, provider);
    }
  };
  return { id, candidates, score };
}

async function callFunction(
  run: RerankFunction,
  query: string,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<number[]> {
  const scores: unknown = await run(query, texts, { signal });
  if (Array.isArray(scores) && scores.length === texts.length && scores.every(Number.isFinite))
    return [...(scores as number[])];
  throw unusable('The re-ranking function');
}

async function callModel(
  model: AiSdkReranker,
  query: string,
  values: readonly string[],
  abortSignal: AbortSignal,
): Promise<(number | null)[]> {
  const documents = { type: 'text' as const, values: [...values] };
  const { ranking } = await model.doRerank({ documents, query, abortSignal });
  const scores = Array.from<number | null>({ length: values.length }).fill(null);
  for (const { index, relevanceScore } of ranking) {
    // One that is named twice, or of none of the texts: nobody knows which is meant.
    if (scores[index] !== null || !Number.isFinite(relevanceScore)) throw unusable(model.provider);
    scores[index] = relevanceScore;
  }
  if (ranking.length > 0 || values.length === 0) return scores;
  throw unusable(model.provider);
}

function unusable(who: string): ModelAnswerError {
  return new ModelAnswerError(`${who} answered no scores that fit the texts.`, {
    remedy: 'Check that the model is one for re-ranking; a function gives one number per text.',
  });
}

/** Given up at the limit even where the model does not heed the signal. */
async function inTime<T>(
  timeoutMs: number,
  provider: string,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  const { promise: given, reject } = Promise.withResolvers<never>();
  const stop = (reason: unknown) => {
    // Before the abort, whose own error would come first otherwise.
    reject(reason);
    end.abort(reason);
  };
  const onAbort = () => stop(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const timer = setTimeout(
    () =>
      stop(
        new ProviderError(`${provider} did not answer within ${timeoutMs} ms.`, {
          remedy: 'Nothing if it passes; else raise reranker.timeoutMs or lower its candidates.',
          mayBeBilled: true,
        }),
      ),
    timeoutMs,
  );
  try {
    return await Promise.race([given, run(end.signal)]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** What a library or a program throws may carry the texts and the key. */
function withoutText(error: unknown, provider: string): Error {
  if (error instanceof ModelAnswerError || error instanceof ProviderError) return error;
  const fault = providerFault(error, provider);
  if (fault !== null)
    return new ProviderError(fault.message, {
      remedy: fault.remedy,
      retryAfterMs: fault.retryAfterMs,
      isRefusal: fault.isRefusal,
      mayBeBilled: fault.mayBeBilled,
    });
  return new ModelAnswerError(`${provider} failed, or answered what can't be read.`, {
    remedy: 'Check the address and the model, or what the function throws.',
  });
}
