/** What browsers' storage has in common: that it may be full, refused, or never answer. */
import { EvervecError } from '../../errors/evervec-error.ts';
import { ReleaseUpdateError } from '../../errors/release-update-error.ts';

/** Milliseconds without which a browser's storage is taken to hang. */
export const ANSWER_MS = 15_000;

/** Safari's transactions can end without a word. @throws ReleaseUpdateError `STORE` */
export async function answered<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new ReleaseUpdateError('STORE', `${what} gives no answer within ${ms} ms.`)),
      ms,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The error that a refusal of the platform is; by its name, which is the same in all browsers, and by Node's code. */
export function storeError(error: unknown, what: string): EvervecError {
  if (EvervecError.isInstance(error)) return error;
  const { name, code } = Object(error) as { name?: unknown; code?: unknown };
  const isFull = name === 'QuotaExceededError' || code === 'ENOSPC' || code === 'EDQUOT';
  if (isFull)
    return new ReleaseUpdateError('QUOTA', `${what}: no space is left.`, { cause: error });
  return new ReleaseUpdateError('STORE', `${what} is refused.`, { cause: error });
}
