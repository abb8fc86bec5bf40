/** What words stand for, by their hashes: slot for slot what `../word-table.ts` has, which is what looks words up later. */

/** Of a slot: the two hashes, and what the word stands for, or `FREE`. */
const SLOT: usize = 12;
const FREE: i32 = i32.MIN_VALUE;
const FIRST_SLOTS: u32 = 4096;

@unmanaged
export class WordTable {
  count: u32 = 0;
  mask: u32 = FIRST_SLOTS - 1;
  slots: usize = freeSlots(FIRST_SLOTS);

  /** @returns what the word stands for, or `missing` */
  get(hash: i32, other: i32, missing: i32): i32 {
    let slot = mixed(hash) & this.mask;
    let at = this.slots + SLOT * slot;
    while (load<i32>(at, 8) != FREE) {
      if (load<i32>(at) == hash && load<i32>(at, 4) == other) return load<i32>(at, 8);
      slot = (slot + 1) & this.mask;
      at = this.slots + SLOT * slot;
    }
    return missing;
  }

  add(hash: i32, other: i32, meaning: i32): void {
    if (3 * ++this.count > 2 * (this.mask + 1)) this.grow();
    this.place(hash, other, meaning);
  }

  private place(hash: i32, other: i32, meaning: i32): void {
    let slot = mixed(hash) & this.mask;
    while (load<i32>(this.slots + SLOT * slot, 8) != FREE) slot = (slot + 1) & this.mask;
    const at = this.slots + SLOT * slot;
    store<i32>(at, hash);
    store<i32>(at, other, 4);
    store<i32>(at, meaning, 8);
  }

  private grow(): void {
    const before = this.slots;
    const end = before + SLOT * (this.mask + 1);
    this.mask = 2 * this.mask + 1;
    this.slots = freeSlots(this.mask + 1);
    for (let at = before; at < end; at += SLOT) {
      const meaning = load<i32>(at, 8);
      if (meaning != FREE) this.place(load<i32>(at), load<i32>(at, 4), meaning);
    }
  }
}

function freeSlots(count: u32): usize {
  const slots = heap.alloc(SLOT * count);
  const end = slots + SLOT * count;
  for (let at = slots; at < end; at += 4) store<i32>(at, FREE);
  return slots;
}

function mixed(hash: i32): u32 {
  return hash ^ (<u32>hash >>> 15);
}
