/** Answers that are one text, which a socket is given whole: through the `Response` it would come as a stream, in turns of the event loop. */
const texts = new WeakMap<Response, string>();

export function textAnswer(text: string, init: ResponseInit): Response {
  const response = new Response(text, init);
  texts.set(response, text);
  return response;
}

/** Undefined for an answer of another kind. */
export function textOf(response: Response): string | undefined {
  return texts.get(response);
}
