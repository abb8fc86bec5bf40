/**
 * Sizes calls by the three limits that providers set: texts, tokens, bytes. The token count is an
 * estimate, so it decides only where one call ends and the next begins: a text over a limit goes
 * alone and the provider judges it, since an estimate that rejects refuses texts that would fit.
 */
import type { EmbeddingModel } from './model.ts';

/** The slice `from`..`to` of the texts, at least one text. */
export interface CallPlan {
  readonly from: number;
  readonly to: number;
}

/** About four bytes of English make a token; CJK (three bytes a character) comes to 0.75 a character. */
const BYTES_PER_TOKEN = 4;

type CallLimits = Pick<EmbeddingModel, 'maxEmbeddingsPerCall' | 'maxBatchTokens' | 'maxBatchBytes'>;

/** Cuts `texts` (string[] (n)) into consecutive calls that cover 0..n, each as full as the limits allow. */
export function planCalls(texts: readonly string[], limits: CallLimits): CallPlan[] {
  const maxTexts = limits.maxEmbeddingsPerCall ?? Infinity;
  const maxTokens = limits.maxBatchTokens ?? Infinity;
  const maxBytes = limits.maxBatchBytes ?? Infinity;
  const calls: CallPlan[] = [];
  let from = 0;
  let bytes = 0;
  let tokens = 0;
  for (const [i, text] of texts.entries()) {
    const textBytes = utf8Bytes(text);
    const textTokens = tokensIn(textBytes);
    const isFull =
      i - from >= maxTexts || bytes + textBytes > maxBytes || tokens + textTokens > maxTokens;
    if (i > from && isFull) {
      calls.push({ from, to: i });
      from = i;
      bytes = 0;
      tokens = 0;
    }
    bytes += textBytes;
    tokens += textTokens;
  }
  if (from < texts.length) calls.push({ from, to: texts.length });
  return calls;
}

/** Length of `text` in UTF-8, without encoding it. A lone surrogate counts as U+FFFD: three bytes. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (isPair(unit, text.charCodeAt(i + 1))) {
      bytes += 2;
      i++;
    } else bytes += 2;
  }
  return bytes;
}

function isPair(high: number, low: number): boolean {
  return high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
}

function tokensIn(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

/** About how many tokens a text has: for quotas and sizes, never to refuse it. */
export function estimateTokens(text: string): number {
  return tokensIn(utf8Bytes(text));
}
