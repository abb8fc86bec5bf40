/**
 * Answers that are one text, and which text that is: a socket is given it whole. To read it from the `Response`, as any other body is,
 * takes streams and turns of the event loop.
 */
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
