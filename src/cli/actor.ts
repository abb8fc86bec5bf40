/** Who acts, where a command changes something. */
import { userInfo } from 'node:os';

/** The user of this machine, as the audit log and the versions of documents show it. */
export function actor(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
