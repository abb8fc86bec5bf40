/**
 * English stems, in place over UTF-16 units, so that no string is made per word. It owns the rules
 * only; which words are stemmed is the caller's choice.
 *
 * Source: the Snowball project's English stemmer ("Porter2"), written here from its description,
 * without the apostrophe rules, since words reach it split at apostrophes. Postgres' `english`
 * configuration stems by the same rules, so that the two legs of a hybrid search agree. `kernel/english-stem.ts` is a
 * copy for WebAssembly.
 */
import * as english from './english-rules.ts';

/** Longest suffix first within each last letter; the replacement is written over it. */
type Rule = readonly [suffix: string, replacement: string];
type Rules = ReadonlyMap<number, readonly Rule[]>;

const STEP_2 = rules(english.STEP_2);
const STEP_3 = rules(english.STEP_3);
const STEP_4 = rules(english.STEP_4);
const WHOLE_WORDS = rules(english.WHOLE_WORDS);
const WHOLE_AFTER_STEP_1A = rules(english.WHOLE_AFTER_STEP_1A);
const R1_PREFIXES = ['gener', 'commun', 'arsen'];
/** A y that sounds as a consonant is marked by this unit while the rules run. */
const CONSONANT_Y = 0x59;
const Y = 0x79;
const E = 0x65;
const I = 0x69;
const L = 0x6c;
const S = 0x73;
const T = 0x74;

/**
 * Stems the first `length` units of `word` (lower-case letters; other units count as consonants) in
 * place.
 * @returns the stem's length, at most `length`
 */
export function stemEnglish(word: Uint16Array, length: number): number {
  if (length <= 2) return length;
  const whole = findWhole(WHOLE_WORDS, word, length);
  if (whole !== undefined) return write(word, 0, whole[1]);
  markConsonantY(word, length);
  const r1 = regionOne(word, length);
  const r2 = regionAfter(word, length, r1);
  let end = stripPlural(word, length);
  if (findWhole(WHOLE_AFTER_STEP_1A, word, end) === undefined)
    end = stripEndings(word, end, r1, r2);
  for (let i = 0; i < end; i++) if (word[i] === CONSONANT_Y) word[i] = Y;
  return end;
}

function stripEndings(word: Uint16Array, length: number, r1: number, r2: number): number {
  let end = stripPast(word, length, r1);
  const last = word[end - 1];
  if ((last === Y || last === CONSONANT_Y) && end > 2 && !isVowel(word[end - 2])) word[end - 1] = I;
  end = derive(word, end, r1);
  end = shorten(word, end, r1, r2);
  end = cut(word, end, r2);
  return finish(word, end, r1, r2);
}

function isVowel(unit: number | undefined): boolean {
  return unit === 0x61 || unit === E || unit === I || unit === 0x6f || unit === 0x75 || unit === Y;
}

function markConsonantY(word: Uint16Array, length: number): void {
  for (let i = 0; i < length; i++)
    if (word[i] === Y && (i === 0 || isVowel(word[i - 1]))) word[i] = CONSONANT_Y;
}

/** Where R1 begins: after the first consonant that follows a vowel. */
function regionOne(word: Uint16Array, length: number): number {
  for (const prefix of R1_PREFIXES)
    if (length >= prefix.length && ends(word, prefix.length, prefix)) return prefix.length;
  return regionAfter(word, length, 0);
}

function regionAfter(word: Uint16Array, length: number, from: number): number {
  for (let i = from + 1; i < length; i++)
    if (!isVowel(word[i]) && isVowel(word[i - 1])) return i + 1;
  return length;
}

/** Step 1a. */
function stripPlural(word: Uint16Array, length: number): number {
  if (ends(word, length, 'sses')) return length - 2;
  if (ends(word, length, 'ied') || ends(word, length, 'ies'))
    return length > 4 ? length - 2 : length - 1;
  if (word[length - 1] !== S || word[length - 2] === S || word[length - 2] === 0x75) return length;
  return hasVowel(word, length - 2) ? length - 1 : length;
}

/** Step 1b. */
function stripPast(word: Uint16Array, length: number, r1: number): number {
  for (const suffix of ['eedly', 'eed'])
    if (ends(word, length, suffix))
      return length - suffix.length >= r1 ? length - suffix.length + 2 : length;
  for (const suffix of ['ingly', 'edly', 'ing', 'ed']) {
    if (!ends(word, length, suffix)) continue;
    const end = length - suffix.length;
    return hasVowel(word, end) ? repair(word, end, r1) : length;
  }
  return length;
}

/** What is left of step 1b after an ending fell: hop(p)ing, fil(e)ing, conflat(e)d. */
function repair(word: Uint16Array, end: number, r1: number): number {
  if (ends(word, end, 'at') || ends(word, end, 'bl') || ends(word, end, 'iz')) {
    word[end] = E;
    return end + 1;
  }
  const last = word[end - 1];
  if (end >= 2 && last === word[end - 2] && isDoubling(last)) return end - 1;
  if (r1 >= end && endsShort(word, end)) {
    word[end] = E;
    return end + 1;
  }
  return end;
}

/** Step 2. */
function derive(word: Uint16Array, length: number, r1: number): number {
  const rule = find(STEP_2, word, length);
  if (rule !== undefined) {
    const at = length - rule[0].length;
    // 'logi' stands for the rule "ogi in R1, preceded by l": the l itself may lie before R1.
    const inR1 = rule[0] === 'logi' ? at + 1 >= r1 : at >= r1;
    return inR1 ? write(word, at, rule[1]) : length;
  }
  if (ends(word, length, 'li') && length - 2 >= r1 && isLiEnding(word[length - 3]))
    return length - 2;
  return length;
}

/** Step 3. */
function shorten(word: Uint16Array, length: number, r1: number, r2: number): number {
  if (ends(word, length, 'ative') && length - 5 >= r1)
    return length - 5 >= r2 ? length - 5 : length;
  const rule = find(STEP_3, word, length);
  if (rule === undefined || length - rule[0].length < r1) return length;
  return write(word, length - rule[0].length, rule[1]);
}

/** Step 4. */
function cut(word: Uint16Array, length: number, r2: number): number {
  if (ends(word, length, 'ion')) {
    const before = word[length - 4];
    return length - 3 >= r2 && (before === S || before === T) ? length - 3 : length;
  }
  const rule = find(STEP_4, word, length);
  return rule !== undefined && length - rule[0].length >= r2 ? length - rule[0].length : length;
}

/** Step 5. */
function finish(word: Uint16Array, length: number, r1: number, r2: number): number {
  const at = length - 1;
  if (word[at] === E && (at >= r2 || (at >= r1 && !endsShort(word, at)))) return at;
  if (word[at] === L && at >= r2 && word[at - 1] === L) return at;
  return length;
}

/** A short syllable at the end: consonant, vowel, consonant other than w, x, Y; or vowel, consonant. */
function endsShort(word: Uint16Array, end: number): boolean {
  const last = word[end - 1];
  if (end < 2 || isVowel(last) || !isVowel(word[end - 2])) return false;
  if (end === 2) return true;
  return !isVowel(word[end - 3]) && last !== 0x77 && last !== 0x78 && last !== CONSONANT_Y;
}

function hasVowel(word: Uint16Array, end: number): boolean {
  for (let i = 0; i < end; i++) if (isVowel(word[i])) return true;
  return false;
}

function isDoubling(unit: number | undefined): boolean {
  return unit !== undefined && 'bdfgmnprt'.includes(String.fromCharCode(unit));
}

function isLiEnding(unit: number | undefined): boolean {
  return unit !== undefined && 'cdeghkmnrt'.includes(String.fromCharCode(unit));
}

function ends(word: Uint16Array, length: number, suffix: string): boolean {
  const offset = length - suffix.length;
  if (offset < 0) return false;
  for (let i = suffix.length - 1; i >= 0; i--)
    if (word[offset + i] !== suffix.charCodeAt(i)) return false;
  return true;
}

function write(word: Uint16Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) word[at + i] = text.charCodeAt(i);
  return at + text.length;
}

function find(table: Rules, word: Uint16Array, length: number): Rule | undefined {
  const group = table.get(word[length - 1] ?? 0);
  if (group === undefined) return undefined;
  for (const rule of group) if (ends(word, length, rule[0])) return rule;
  return undefined;
}

/** The rule for a whole word, where there is one. */
function findWhole(table: Rules, word: Uint16Array, length: number): Rule | undefined {
  const group = table.get(word[length - 1] ?? 0);
  if (group === undefined) return undefined;
  for (const rule of group)
    if (rule[0].length === length && ends(word, length, rule[0])) return rule;
  return undefined;
}

function rules(text: string): Rules {
  const table = new Map<number, Rule[]>();
  for (const pair of text.split(' ')) {
    const [suffix = '', replacement = ''] = pair.split('=');
    const last = suffix.charCodeAt(suffix.length - 1);
    const group = table.get(last);
    if (group === undefined) table.set(last, [[suffix, replacement]]);
    else group.push([suffix, replacement]);
  }
  for (const group of table.values()) group.sort((a, b) => b[0].length - a[0].length);
  return table;
}
