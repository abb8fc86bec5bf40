/** What a page and its worker say to each other. Bytes are transferred, not copied. */
import type { IndexHost } from '../index-host.ts';
import type { CarriedError } from './carried-error.ts';

/** What the worker does for the page. */
export type Method = Exclude<keyof IndexHost, 'close' | 'onLost'>;

export type ToWorker =
  /** Before all else. */
  | { readonly type: 'open'; readonly embedder: string | null }
  | {
      readonly type: 'call';
      readonly id: number;
      readonly method: Method;
      readonly values: readonly unknown[];
    }
  /** Nobody waits for this call any more. */
  | { readonly type: 'cancel'; readonly id: number }
  /** To an `embed`; without a vector where the app's model failed. */
  | { readonly type: 'vector'; readonly id: number; readonly vector: ArrayLike<number> | null };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: CarriedError }
  /** Asks for the vector of a query. */
  | { readonly type: 'embed'; readonly id: number; readonly query: string };
