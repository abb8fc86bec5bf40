/** What destroys or costs has to be confirmed in the body of the request. */
import { HttpRequestError } from '../errors/index.ts';

/**
 * @param what it would do, after "This would"
 * @throws HttpRequestError unless the body says so
 */
export function requireConfirmation(body: { confirm?: boolean | undefined }, what: string): void {
  if (body.confirm === true) return;
  throw new HttpRequestError('CONFIRM', 400, `This would ${what}; nothing was done.`, {
    remedy: 'Send "confirm": true in the body if that is what you want.',
  });
}
