/**
 * A model behind the shared breaker and quota of its provider. Calls are refused with a ProviderError while the provider
 * is waited for, and a fault of the provider comes out as one, whatever its library throws.
 */
import type { Connection } from '../database/index.ts';
import { ProviderError } from '../errors/index.ts';
import { admit, close, giveUpProbe, type Quota, reserve, trip } from './breaker.ts';
import type { EmbedAnswer, EmbedCall, EmbeddingModel } from './model.ts';
import { estimateTokens } from './plan-calls.ts';
import { isDatabaseFault, providerFault } from './provider-fault.ts';

/** The part of the quota that only queries get: whoever searches does not wait for a backfill. */
const FOR_QUERIES = 0.1;

export function guardModel(
  model: EmbeddingModel,
  connection: Connection,
  quota: Quota,
): EmbeddingModel {
  const { provider } = model;
  const isLimited = quota.requests !== null || quota.tokens !== null;
  const lessReserved = (limit: number | null) =>
    limit === null ? null : Math.max(1, Math.floor(limit * (1 - FOR_QUERIES)));
  const forDocuments: Quota = {
    requests: lessReserved(quota.requests),
    tokens: lessReserved(quota.tokens),
  };
  const waitFor = (retryAfterMs: number, why: string) =>
    new ProviderError(`${provider} is not called for now: ${why}.`, {
      remedy: 'Nothing: work goes on by itself.',
      retryAfterMs,
    });

  /** The probe that a call of this process makes, and how many it has ended: siblings wait for the outcome. */
  let probe: Promise<void> | null = null;
  let probesEnded = 0;
  /** Admissions of this process take turns, so that a sibling sees that the probe is ours. */
  let turn: Promise<unknown> = Promise.resolve();

  function beginProbe(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    probe = promise;
    return () => {
      probe = null;
      probesEnded += 1;
      resolve();
    };
  }

  /** @returns what ends the probe, if this call is one */
  async function enter(): Promise<(() => void) | null> {
    for (;;) {
      const endedBefore = probesEnded;
      const asked = turn.then(() => admit(connection, provider));
      turn = asked.catch(() => {});
      const { waitMs, isProbe } = await asked;
      if (isProbe) return beginProbe();
      if (waitMs === 0) return null;
      // A probe of ours that is under way, or ended while we asked, changes the answer.
      if (probe === null && probesEnded === endedBefore)
        throw waitFor(waitMs, 'its last call failed');
      await probe;
    }
  }

  async function takeQuota({ values, kind }: EmbedCall): Promise<void> {
    if (!isLimited) return;
    const tokens = values.reduce((sum, text) => sum + estimateTokens(text), 0);
    const most = kind === 'query' ? quota : forDocuments;
    const untilMs = await reserve(connection, provider, most, 1, tokens);
    if (untilMs > 0) throw waitFor(untilMs, 'its quota of this minute is used');
  }

  /** What `call` failed of, and what that says about the provider. */
  async function judge(error: unknown, call: EmbedCall, isProbe: boolean): Promise<unknown> {
    const fault = call.abortSignal?.aborted ? null : providerFault(error, provider);
    if (fault === null) {
      // An answer of any kind shows that the provider is there; a call that was aborted shows nothing.
      const isUntried = call.abortSignal?.aborted === true || isDatabaseFault(error);
      if (isProbe && isUntried) await giveUpProbe(connection, provider);
      else if (isProbe && !(error instanceof ProviderError)) await close(connection, provider);
      return error;
    }
    const retryAfterMs = await trip(connection, provider, fault);
    return new ProviderError(fault.message, {
      remedy: fault.remedy,
      cause: error,
      retryAfterMs,
      isRefusal: fault.isRefusal,
    });
  }

  async function doEmbed(call: EmbedCall): Promise<EmbedAnswer> {
    await takeQuota(call);
    const leave = await enter();
    try {
      const answer = await model.doEmbed(call);
      if (leave !== null) await close(connection, provider);
      return answer;
    } catch (error) {
      throw await judge(error, call, leave !== null);
    } finally {
      leave?.();
    }
  }

  return Object.create(model, { doEmbed: { value: doEmbed } });
}
