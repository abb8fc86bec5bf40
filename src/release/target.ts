/**
 * Where releases are published: a folder that a web server shows, a bucket. All files but a few are named by their content and never change, so
 * the only step that clients can see is the last: the pointer. Must not know what the files mean.
 */

/** A file that is there. */
export interface TargetFile {
  /** Relative to the release's folder, with `/` between segments. */
  readonly path: string;
  readonly bytes: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly writtenAt: number;
}

export interface ReleaseTarget {
  /** For people: `folder public/kb`, `s3 bucket/prefix`; never a secret. */
  readonly name: string;
  /**
   * @returns undefined when it isn't there
   * @throws ReleaseTargetError
   */
  get(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Appears whole or not at all. Writing what is there already, byte for byte, does nothing.
   * @throws ReleaseTargetError when it can't be written, or when other bytes are there: what is immutable is never replaced
   */
  put(path: string, bytes: Uint8Array): Promise<void>;
  /**
   * The one file that changes in place: replaced in one step, and only if it still is what it was, so that of two publishers one wins and the
   * other hears of it.
   * @param expected its bytes as they were read; undefined when there was none
   * @throws ReleaseConflictError when somebody else has changed it
   */
  switchPointer(path: string, bytes: Uint8Array, expected: Uint8Array | undefined): Promise<void>;
  /** Files below a folder, in the order of their paths; none is an empty list. */
  list(folder: string): Promise<TargetFile[]>;
  /** That it is gone already is no error. */
  remove(path: string): Promise<void>;
}

/** What reading takes of one. */
export type ReadableTarget = Pick<ReleaseTarget, 'name' | 'get' | 'list'>;
