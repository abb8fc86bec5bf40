/**
 * Tells whether a model refused a call since a text was too long. No provider has a status or a code of its own for it,
 * so the wording decides; what is taken for it wrongly is refused again in parts, and comes out as what it was.
 */

const REFUSED = new Set([400, 413, 422]);

/**
 * OpenAI and vLLM "maximum context length is 8192 tokens", "maximum input length", "max 300000 tokens per request";
 * Cohere "too many tokens"; Ollama "the input length exceeds the context length"; TEI "must have less than 512 tokens";
 * llama.cpp "input is too large to process", "exceed_context_size_error", "tokens exceed n_ctx"; Mistral "exceeding max
 * 8192 tokens".
 */
const WORDING = [
  /max\w*[^.]{0,40}(length|tokens)/i,
  /too (many|long|large)/i,
  /exceed\w*[^.]{0,60}(context|n_ctx|length|tokens|max)/i,
  /(less|fewer|more) than \d+ tokens/i,
];
/** Some servers answer 500 (llama.cpp, older Ollama): only what can't be said of an outage counts. */
const WORDING_OF_500 =
  /exceeds? the context length|input is too (large|long) to process|exceed_context_size|larger than the max context size/i;

/** @param said the answer's message or body */
export function isTooLong(status: number, said: string): boolean {
  if (status === 413) return true;
  if (status === 500) return WORDING_OF_500.test(said);
  return REFUSED.has(status) && WORDING.some((wording) => wording.test(said));
}
