/** Something that runs until it is stopped. */
export interface Service {
  /** Resolves when it is ready for use. */
  start(): Promise<void>;
  /** Finishes what is under way, frees everything; a second call is harmless. */
  stop(): Promise<void>;
}
