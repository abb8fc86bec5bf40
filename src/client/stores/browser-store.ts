/** IndexedDB where it works, memory where it does not (some private windows, blocked storage): then each visit downloads again. */
import { ReleaseUpdateError } from '../../errors/release-update-error.ts';
import type { ReleaseStore } from '../store.ts';
import { IndexedDbStore } from './indexeddb-store.ts';
import { MemoryStore } from './memory-store.ts';

/** Whether it fell back shows in `getStatus().store`. */
export async function openBrowserStore(name = 'evervec'): Promise<ReleaseStore> {
  const store = new IndexedDbStore(name);
  try {
    await store.open();
    await store.readState();
    return store;
  } catch (error) {
    if (!(error instanceof ReleaseUpdateError)) throw error;
    await store.close();
    return new MemoryStore(name);
  }
}
