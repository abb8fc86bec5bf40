/**
 * A model whose calls stand in the ledger: the boundary at which a call is paid. It sits inside `guardModel`, so that
 * calls which the breaker refuses are not counted, and around `limitTime`, so that one that is late is.
 */
import { type Random, systemRandom } from '../runtime/index.ts';
import type { CallPurpose, Cause } from './cause.ts';
import { isUsable } from './embed-texts.ts';
import type { Ledger, LedgerCounts, LedgerKey } from './ledger.ts';
import type { EmbedAnswer, EmbedCall, EmbeddingModel } from './model.ts';
import { estimateTokens } from './plan-calls.ts';
import { mayBeBilled } from './provider-fault.ts';

/** What of a call is one cause's; the first has the call itself. */
interface Share {
  key: LedgerKey;
  texts: number;
  /** Estimated. */
  tokens: number;
}

/** @param price US dollars per million tokens; 0 is free, null unknown */
export function meterModel(
  model: EmbeddingModel,
  ledger: Ledger,
  price: number | null,
  random: Random = systemRandom,
): EmbeddingModel {
  const estimate = price === 0 ? roughTokens : estimateTokens;
  const sharesOf = (call: EmbedCall) => divide(call, estimate, keyOf(model, price, call, random));

  /** Nobody waits for what costs nothing, nor looks closely at it. */
  async function callFree(call: EmbedCall): Promise<EmbedAnswer> {
    const note = (tokens: number | undefined, isFailed: boolean) =>
      sharesOf(call).forEach((share, i, all) =>
        ledger.gather({
          ...share.key,
          ...(i === 0 && { calls: 1, failed: isFailed ? 1 : 0 }),
          texts: share.texts,
          tokens: portion(share, all, tokens),
          estimated_tokens: tokens === undefined ? share.tokens : 0,
        }),
      );
    try {
      const answer = await model.doEmbed(call);
      note(answer.usage?.tokens, false);
      return answer;
    } catch (error) {
      note(0, true);
      throw error;
    }
  }

  async function callPaid(call: EmbedCall): Promise<EmbedAnswer> {
    const shares = sharesOf(call);
    const day = await begin(shares, call);
    let answer: EmbedAnswer;
    try {
      answer = await model.doEmbed(call);
    } catch (error) {
      const isBilled = mayBeBilled(error);
      await settle(shares, day, { tokens: isBilled ? undefined : 0, isBilled, isFailed: true });
      throw error;
    }
    const isFailed = !isUsable(model, answer.embeddings, call.values.length);
    await settle(shares, day, { tokens: answer.usage?.tokens, isBilled: true, isFailed });
    return answer;
  }

  /** @returns the day that the call is counted for; null where the ledger could not be written, and a query goes on */
  async function begin(shares: readonly Share[], call: EmbedCall): Promise<string | null> {
    const entries = shares.map((share, i) => ({
      ...share.key,
      calls: i === 0 ? 1 : 0,
      texts: share.texts,
      tokens: share.tokens,
      estimated_tokens: share.tokens,
    }));
    try {
      return await ledger.write(entries);
    } catch (error) {
      // Who may only search can't write; what is embedded is written to the same database anyway.
      if (call.kind !== 'query' || call.abortSignal?.aborted) throw error;
      for (const entry of entries) ledger.gather(entry);
      return null;
    }
  }

  /** Puts what came of a call in place of its estimate. A call that was answered is never lost over it. */
  async function settle(
    shares: readonly Share[],
    day: string | null,
    { tokens, isBilled, isFailed }: Outcome,
  ): Promise<void> {
    shares.forEach((share, i) => {
      const counts: Partial<LedgerCounts> = {
        ...(i === 0 && isFailed && { failed: 1, failed_billed: isBilled ? 1 : 0 }),
        ...(tokens !== undefined && {
          tokens: portion(share, shares, tokens) - share.tokens,
          estimated_tokens: -share.tokens,
        }),
      };
      if (Object.keys(counts).length > 0) ledger.gather({ ...share.key, day, ...counts });
    });
    await ledger.flush();
  }

  return Object.create(model, { doEmbed: { value: price === 0 ? callFree : callPaid } });
}

interface Outcome {
  /** As the provider counted; undefined where it did not say. */
  tokens: number | undefined;
  isBilled: boolean;
  isFailed: boolean;
}

/** Counts texts that were wanted and needed no call. */
export function noteSaved(
  ledger: Ledger,
  model: EmbeddingModel,
  price: number | null,
  random: Random = systemRandom,
): (purpose: CallPurpose, texts: number) => void {
  return (purpose, saved) => {
    const key = keyOf(model, price, { values: [], kind: 'document', purpose }, random);
    if (saved > 0) ledger.gather({ ...key, saved });
  };
}

function keyOf(
  model: EmbeddingModel,
  price: number | null,
  { purpose, kind }: EmbedCall,
  random: Random,
): LedgerKey {
  const { sources = [], cause = kind === 'query' ? 'query' : 'change' } = purpose ?? {};
  const source = sources[Math.floor(random() * sources.length)] ?? '';
  return { day: null, source, model: model.id, provider: model.provider, cause, price };
}

/** By cause, the one with the most texts first. */
function divide(
  { values, purpose }: EmbedCall,
  estimate: (text: string) => number,
  key: LedgerKey,
): Share[] {
  const shareOf = (cause: Cause): Share => ({ key: { ...key, cause }, texts: 0, tokens: 0 });
  const retried = purpose?.retried;
  const [first, again] = [shareOf(key.cause), shareOf('retry')];
  for (const text of values) {
    const share = retried?.has(text) === true ? again : first;
    share.texts += 1;
    share.tokens += estimate(text);
  }
  return [first, again].filter(({ texts }) => texts > 0).toSorted((a, b) => b.texts - a.texts);
}

/** Of `tokens` that are counted for all shares together, in proportion to the estimates; whole numbers that add up. */
function portion(share: Share, all: readonly Share[], tokens: number | undefined): number {
  if (tokens === undefined) return share.tokens;
  const total = all.reduce((sum, one) => sum + one.tokens, 0);
  const part = (one: Share) => (total === 0 ? 0 : Math.floor((tokens * one.tokens) / total));
  const rest = all.slice(1).reduce((sum, one) => sum + part(one), 0);
  return share === all[0] ? tokens - rest : part(share);
}

/** Without a look at each letter, which would be felt where a model makes 20,000 vectors a second. */
function roughTokens(text: string): number {
  return Math.ceil(text.length / 4);
}
