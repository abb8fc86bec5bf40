/** Which texts have a term and how often: entries as they come, text by text, which are then put in the order of terms. What `../postings.ts` does. */

const MOST_OF_TWO_BYTES: u32 = 0x10000;
const MOST_FREQUENT: u32 = 0xffff;
/** Entries after which a step ends: less than a millisecond. */
const ENTRIES_OF_STEP: u32 = 0x8000;

/** Of a term: its last entry, and how many it has. Once they are placed: where the next goes. */
const TERM: usize = 8;
let terms: usize = heap.alloc(TERM << 11);
let termsEnd: u32 = 1 << 11;
/** Of an entry: its term, and how often the text has it. The first is none, so that 0 says "none yet". */
const ENTRY: usize = 8;
let entryCount: u32 = 1;
let entriesEnd: u32 = 0;
/** They are in blocks of so many, whose places these are: none is copied when there are more. */
const BLOCK: u32 = 1 << 15;
let blocks: usize = heap.alloc(4 << 4);
let blocksEnd: u32 = 1 << 4;

let textCount: u32 = 0;
let text: u32 = 0;
/** The first entry of each text. */
let firsts: usize = 0;
/** How many words each text has. */
export let lengths: usize = 0;

/** By term where its entries begin. */
export let begins: usize = 0;
export let texts: usize = 0;
export let frequencies: usize = 0;

export function beginTexts(count: u32): void {
  textCount = count;
  lengths = heap.alloc(4 * count);
  firsts = heap.alloc(4 * (count + 1));
  store<u32>(firsts, entryCount);
}

export function count(term: u32): void {
  store<u32>(lengths + 4 * text, load<u32>(lengths + 4 * text) + 1);
  if (term >= termsEnd) terms = heap.realloc(terms, TERM * (termsEnd *= 2));
  const ofTerm = terms + TERM * term;
  const last = load<u32>(ofTerm);
  if (last >= load<u32>(firsts + 4 * text)) {
    const frequency = entryAt(last) + 4;
    store<u32>(frequency, load<u32>(frequency) + 1);
    return;
  }
  if (entryCount >= entriesEnd) addBlock();
  const entry = entryAt(entryCount);
  store<u32>(entry, term);
  store<u32>(entry, 1, 4);
  store<u32>(ofTerm, entryCount++);
  store<u32>(ofTerm, load<u32>(ofTerm, 4) + 1, 4);
}

function entryAt(entry: u32): usize {
  return load<usize>(blocks + 4 * (entry / BLOCK)) + ENTRY * (entry % BLOCK);
}

function addBlock(): void {
  const block = entriesEnd / BLOCK;
  if (block == blocksEnd) blocks = heap.realloc(blocks, 4 * (blocksEnd *= 2));
  store<usize>(blocks + 4 * block, heap.alloc(ENTRY * BLOCK));
  entriesEnd += BLOCK;
}

/** No more words of this text. */
export function endText(): void {
  store<u32>(firsts + 4 * ++text, entryCount);
}

/** No more texts. */
export function beginPostings(termCount: u32): void {
  begins = heap.alloc(4 * (termCount + 1));
  let begin: u32 = 0;
  for (let term: u32 = 0; term < termCount; term++) {
    const ofTerm = terms + TERM * term;
    store<u32>(begins + 4 * term, begin);
    store<u32>(ofTerm, begin);
    begin += load<u32>(ofTerm, 4);
  }
  store<u32>(begins + 4 * termCount, begin);
  texts = heap.alloc((isNarrow() ? 2 : 4) * begin);
  frequencies = heap.alloc(2 * begin);
  text = 0;
}

/** @returns whether there are more */
export function placePostings(): bool {
  const from = load<u32>(firsts + 4 * text);
  while (text < textCount) {
    const end = load<u32>(firsts + 4 * (text + 1));
    for (let entry = load<u32>(firsts + 4 * text); entry < end; entry++) place(entry);
    text++;
    if (end - from >= ENTRIES_OF_STEP) return true;
  }
  return false;
}

function place(entry: u32): void {
  const at = entryAt(entry);
  const ofTerm = terms + TERM * load<u32>(at);
  const frequency = load<u32>(at, 4);
  const to = load<u32>(ofTerm);
  store<u32>(ofTerm, to + 1);
  if (isNarrow()) store<u16>(texts + 2 * to, text);
  else store<u32>(texts + 4 * to, text);
  store<u16>(frequencies + 2 * to, min(frequency, MOST_FREQUENT));
}

/** Whether two bytes tell all texts apart. */
function isNarrow(): bool {
  return textCount <= MOST_OF_TWO_BYTES;
}
