/** What every store must do. Also run inside a page: knows nothing of Node or of the test runner. */
import type { ReleaseStore } from '../../src/client/store.ts';

export interface StoreCase {
  readonly name: string;
  /** @param open another store over the same place; throws where something is not as it must be */
  run(open: () => Promise<ReleaseStore>): Promise<void>;
}

function bytesOf(...values: number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(values);
}

function same(found: unknown, wanted: unknown, what: string): void {
  const spelt = (value: unknown) =>
    JSON.stringify(value instanceof Uint8Array ? Array.from(value) : (value ?? 'nothing'));
  if (spelt(found) !== spelt(wanted))
    throw new Error(`${what}: ${spelt(found).slice(0, 200)}, not ${spelt(wanted).slice(0, 200)}`);
}

export const STORE_CASES: readonly StoreCase[] = [
  {
    name: 'is empty at first',
    async run(open) {
      const store = await open();
      same(await store.readState(), undefined, 'state');
      same(await store.readBlob('a'), undefined, 'blob');
      same(await store.listBlobs(), [], 'list');
      await store.removeBlob('a');
      await store.close();
    },
  },
  {
    name: 'has after it was opened again what was written',
    async run(open) {
      const store = await open();
      await store.writeState('{"a":"ü 😀"}');
      await store.writeBlob('ab12', bytesOf(1, 2, 255));
      await store.close();
      const again = await open();
      same(await again.readState(), '{"a":"ü 😀"}', 'state');
      same(await again.readBlob('ab12'), bytesOf(1, 2, 255), 'blob');
      same(await again.listBlobs(), ['ab12'], 'list');
      await again.close();
    },
  },
  {
    name: 'replaces the state as often as one likes, by longer and shorter ones',
    async run(open) {
      const store = await open();
      for (const length of [10_000, 1, 0, 300_000, 7]) {
        const text = 'x'.repeat(length);
        await store.writeState(text);
        same((await store.readState())?.length, length, 'length');
      }
      await store.close();
    },
  },
  {
    name: 'keeps only the bytes of a view, and keeps them when the caller changes or transfers its own',
    async run(open) {
      const store = await open();
      const whole = bytesOf(9, 9, 1, 2, 3, 9);
      await store.writeBlob('view', whole.subarray(2, 5));
      whole.fill(0);
      same(await store.readBlob('view'), bytesOf(1, 2, 3), 'a view');
      const given = bytesOf(4, 5, 6);
      await store.writeBlob('given', given);
      structuredClone(given.buffer, { transfer: [given.buffer] });
      same(await store.readBlob('given'), bytesOf(4, 5, 6), 'transferred');
      const got = await store.readBlob('given');
      got?.fill(0);
      same(await store.readBlob('given'), bytesOf(4, 5, 6), 'after what was read is changed');
      await store.close();
    },
  },
  {
    name: 'replaces and removes blobs, and takes large ones and empty ones',
    async run(open) {
      const store = await open();
      const large = new Uint8Array(3_000_000).map((_, i) => i % 251);
      await store.writeBlob('a', bytesOf(1));
      await store.writeBlob('a', large);
      await store.writeBlob('b', bytesOf());
      const found = await store.readBlob('a');
      same(found?.length, large.length, 'length');
      same(
        found?.findIndex((byte, i) => byte !== large[i]),
        -1,
        'the first byte that differs',
      );
      const shorter = large.slice(5, 1_500_000);
      await store.writeBlob('a', shorter);
      const replaced = await store.readBlob('a');
      same(replaced?.length, shorter.length, 'length of a shorter one in its place');
      same(
        replaced?.findIndex((byte, i) => byte !== shorter[i]),
        -1,
        'its first that differs',
      );
      same((await store.readBlob('b'))?.length, 0, 'an empty one');
      await store.removeBlob('a');
      same(await store.readBlob('a'), undefined, 'a removed one');
      await store.writeBlob('a', bytesOf(7));
      same(await store.readBlob('a'), bytesOf(7), 'another in the place of a removed one');
      await store.removeBlob('a');
      same(await store.listBlobs(), ['b'], 'list');
      await store.close();
    },
  },
  {
    name: 'forgets all of it when it is cleared, and can be used on',
    async run(open) {
      const store = await open();
      await store.writeState('one');
      await store.writeBlob('a', bytesOf(1));
      await store.clear();
      same(await store.readState(), undefined, 'state');
      same(await store.listBlobs(), [], 'list');
      await store.writeState('two');
      await store.writeBlob('b', bytesOf(2));
      same(await store.readState(), 'two', 'state');
      same(await store.listBlobs(), ['b'], 'list');
      await store.close();
    },
  },
  {
    name: 'shows to one what another wrote that has the same place open',
    async run(open) {
      const [one, other] = [await open(), await open()];
      await one.writeState('of one');
      await one.writeBlob('a', bytesOf(1));
      same(await other.readState(), 'of one', 'state');
      same(await other.readBlob('a'), bytesOf(1), 'blob');
      await other.writeState('of the other');
      same(await one.readState(), 'of the other', 'state');
      await one.close();
      await other.close();
    },
  },
];
