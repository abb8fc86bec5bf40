/** Asks the server. Knows the token and keeps it in this tab only. */

const TOKEN_KEY = 'evervec.token';

/** What the server said was wrong, or `status` 0 when it could not be reached. */
export class Failure extends Error {
  constructor(status, message, { remedy, requestId } = {}) {
    super(message);
    this.status = status;
    this.remedy = remedy;
    this.requestId = requestId;
  }
}

export function keepToken(token) {
  if (token === null) sessionStorage.removeItem(TOKEN_KEY);
  else sessionStorage.setItem(TOKEN_KEY, token);
}

export function hasKeptToken() {
  return sessionStorage.getItem(TOKEN_KEY) !== null;
}

/**
 * @param {string} path
 * @param {{ body?: unknown, signal?: AbortSignal }} options with a body it is a POST
 * @throws {Failure}, or an AbortError when `signal` fired
 */
export async function ask(path, { body, signal } = {}) {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const headers = {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(token !== null && { authorization: `Bearer ${token}` }),
  };
  const init = { headers, ...(signal && { signal }) };
  if (body !== undefined) Object.assign(init, { method: 'POST', body: JSON.stringify(body) });
  let response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure(0, 'The server can’t be reached.', {
      remedy: 'Check that Evervec is still running.',
    });
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  const said = answer?.error;
  throw new Failure(response.status, said?.message ?? `The server answered ${response.status}.`, {
    remedy: said?.remedy,
    requestId: said?.requestId,
  });
}
