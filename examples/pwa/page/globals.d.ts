/** What the bundler puts in the place of these names. */
import type { TrustAnchor } from 'evervec/client';

declare global {
  /** What the page pins: whose signatures count. Comes with the page, never from where the releases are. */
  const ROOT_KEYS: TrustAnchor;
  /** All files of the app, and a name for their contents. */
  const FILES: readonly string[];
  const VERSION: string;
}
