/** The stores that Node has, by the cases of all stores; what is particular to a folder. Those of a browser are in browser.test.ts. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MemoryStore } from '../../src/client/index.ts';
import { answered, storeError } from '../../src/client/stores/device.ts';
import { FolderStore } from '../../src/client/stores/folder-store.ts';
import { STORE_CASES } from './store-cases.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evervec-stores-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('a store in memory', () => {
  it.each(STORE_CASES)('$name', async ({ run }) => {
    const store = new MemoryStore();
    await expect(run(async () => store)).resolves.toBeUndefined();
  });
});

describe('a store in a folder', () => {
  it.each(STORE_CASES)('$name', async ({ name, run }) => {
    const place = path.join(folder, name.slice(0, 20));
    const open = async () => {
      const store = new FolderStore(place);
      await store.open();
      return store;
    };
    await expect(run(open)).resolves.toBeUndefined();
  });

  it('leaves no half-written file behind', async () => {
    const store = new FolderStore(path.join(folder, 'parts'));
    await store.open();
    await store.writeState('{}');
    await store.writeBlob('a', new Uint8Array(10));
    expect((await readdir(store.name, { recursive: true })).toSorted()).toEqual([
      'blobs',
      'blobs/a',
      'state.json',
    ]);
  });

  it('says that it is refused where a file is in the way', async () => {
    const place = path.join(folder, 'file');
    await writeFile(place, 'x');
    await expect(new FolderStore(place).open()).rejects.toMatchObject({
      code: 'EVERVEC_CLIENT_STORE',
    });
  });

  it('names a full disk', async () => {
    const full = new FolderStore('/dev/full-of-evervec');
    expect(storeError(Object.assign(new Error('x'), { code: 'ENOSPC' }), full.name)).toMatchObject({
      code: 'EVERVEC_CLIENT_QUOTA',
    });
  });
});

describe('a storage that never answers', () => {
  it('is given up', async () => {
    await expect(answered(new Promise(() => {}), 5, 'It')).rejects.toMatchObject({
      code: 'EVERVEC_CLIENT_STORE',
    });
  });
});
