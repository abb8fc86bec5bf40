/**
 * A model whose calls end in time. One that takes longer is aborted, and given up even where the model does not heed
 * the signal; that is the provider's fault, never a record's. Waiting again and the breaker are `guardModel`'s.
 */
import { ProviderError } from '../errors/index.ts';
import type { EmbedAnswer, EmbedCall, EmbeddingModel } from './model.ts';

const DEFAULT_MS = 60_000;

/** @param timeoutMs for one call, 1 to 2^31 − 1; default 60,000 */
export function limitTime(model: EmbeddingModel, timeoutMs: number = DEFAULT_MS): EmbeddingModel {
  async function doEmbed(call: EmbedCall): Promise<EmbedAnswer> {
    const late = new AbortController();
    const { promise: given, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const error = new ProviderError(`${model.provider} did not answer within ${timeoutMs} ms.`, {
        remedy: 'Nothing if it passes; else raise worker.timeoutMs or lower worker.batchSize.',
        mayBeBilled: true,
      });
      // Before the abort, whose own error would come first otherwise.
      reject(error);
      late.abort(error);
    }, timeoutMs);
    const signals = call.abortSignal ? [call.abortSignal, late.signal] : [late.signal];
    try {
      const answer = model.doEmbed({ ...call, abortSignal: AbortSignal.any(signals) });
      return await Promise.race([given, answer]);
    } finally {
      clearTimeout(timer);
    }
  }
  return Object.create(model, { doEmbed: { value: doEmbed } });
}
