/** What a check of a document of trust can say. Checks are total: they never reject or throw for what a server sends. */
import { FormatError } from '../../errors/index.ts';

export type Refusal =
  | { readonly reason: 'too-large'; readonly bytes: number; readonly limit: number }
  /** No canonical JSON, or of a wrong type at `path`. */
  | { readonly reason: 'malformed'; readonly path: string; readonly detail: string }
  /** Not the bytes that the channel names. */
  | { readonly reason: 'other-bytes'; readonly found: string; readonly expected: string }
  | { readonly reason: 'bad-signature'; readonly keyId: string }
  | {
      readonly reason: 'too-few-signatures';
      readonly valid: number;
      /** By schemes that this runtime does not know. */
      readonly unsupported: number;
      readonly needed: number;
    }
  | { readonly reason: 'other-product'; readonly found: string; readonly expected: string }
  | {
      readonly reason: 'other-channel';
      readonly found: readonly string[];
      readonly expected: string;
    }
  /** Below what was accepted before: an old file, offered again. */
  | {
      readonly reason: 'older';
      readonly what: 'version' | 'sequence';
      readonly found: number;
      readonly stored: number;
    }
  /** Two documents with one version were signed. */
  | { readonly reason: 'conflicting'; readonly version: number }
  /** A root must be the very next one, a manifest the one its channel names. */
  | { readonly reason: 'other-number'; readonly found: number; readonly expected: number }
  | { readonly reason: 'expired'; readonly what: 'root' | 'channel'; readonly expires: string }
  | { readonly reason: 'blocked'; readonly sha256: string }
  | { readonly reason: 'client-too-old'; readonly needed: string; readonly client: string }
  | { readonly reason: 'reader-too-old'; readonly needed: number; readonly reader: number };

export type Verdict<T> =
  | { readonly accepted: true; readonly value: T }
  | { readonly accepted: false; readonly refusal: Refusal };

export function accept<T>(value: T): Verdict<T> {
  return { accepted: true, value };
}

export function refuse(refusal: Refusal): { accepted: false; refusal: Refusal } {
  return { accepted: false, refusal };
}

/** Runs a parser, and makes a refusal of its FormatError. */
export function attempt<T>(parse: () => T): Verdict<T> {
  try {
    return accept(parse());
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return refuse({ reason: 'malformed', path: error.part, detail: error.message });
  }
}
