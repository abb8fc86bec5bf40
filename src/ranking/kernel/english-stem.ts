/**
 * English stems as `../english-stem.ts` makes them, which says what each step is: the same functions in the same order, over letters in memory. What is before and after the word is no
 * letter, so that looking one too far is no fault.
 */
import { STEP_2, STEP_3, STEP_4, WHOLE_AFTER_STEP_1A, WHOLE_WORDS } from '../english-rules';

/** Bytes of the longest word that is stemmed, and of what is kept free on either side. */
const LONGEST: i32 = 128;
const BESIDE: i32 = 32;
/** Where the word stands. */
export const word: usize = memory.data(LONGEST + 2 * BESIDE, 8) + BESIDE;

const CONSONANT_Y: i32 = 0x59;
const A: i32 = 0x61;
const E: i32 = 0x65;
const I: i32 = 0x69;
const L: i32 = 0x6c;
const O: i32 = 0x6f;
const S: i32 = 0x73;
const T: i32 = 0x74;
const U: i32 = 0x75;
const W: i32 = 0x77;
const X: i32 = 0x78;
const Y: i32 = 0x79;

const POINTER: usize = 4;
/** Those of English letters are below. */
const UNITS: usize = 128;

/** A pair of a table: where the units of its two sides are, and how many. */
@unmanaged
class Rule {
  next: Rule | null = null;
  suffix: usize = 0;
  ofSuffix: i32 = 0;
  replacement: usize = 0;
  ofReplacement: i32 = 0;
}

/** Tables of pointers to the first rule, by the last unit of what it is for. */
let step2: usize = 0;
let step3: usize = 0;
let step4: usize = 0;
let wholeWords: usize = 0;
let wholeAfterStep1a: usize = 0;

export function readRules(): void {
  step2 = rulesOf(STEP_2);
  step3 = rulesOf(STEP_3);
  step4 = rulesOf(STEP_4);
  wholeWords = rulesOf(WHOLE_WORDS);
  wholeAfterStep1a = rulesOf(WHOLE_AFTER_STEP_1A);
}

/** Stems the first `length` units at `word` in place. @returns the stem's length */
export function stemEnglish(length: i32): i32 {
  const whole = find(wholeWords, length, true);
  if (whole !== null) return replace(whole, 0);
  markConsonantY(length);
  const r1 = regionOne(length);
  const r2 = regionAfter(length, r1);
  let end = stripPlural(length);
  if (find(wholeAfterStep1a, end, true) === null) end = stripEndings(end, r1, r2);
  for (let i = 0; i < end; i++) if (at(i) == CONSONANT_Y) set(i, Y);
  return end;
}

function stripEndings(length: i32, r1: i32, r2: i32): i32 {
  let end = stripPast(length, r1);
  const last = at(end - 1);
  if ((last == Y || last == CONSONANT_Y) && end > 2 && !isVowel(at(end - 2))) set(end - 1, I);
  end = derive(end, r1);
  end = shorten(end, r1, r2);
  end = cut(end, r2);
  return finish(end, r1, r2);
}

function isVowel(unit: i32): bool {
  return unit == A || unit == E || unit == I || unit == O || unit == U || unit == Y;
}

function markConsonantY(length: i32): void {
  for (let i = 0; i < length; i++)
    if (at(i) == Y && (i == 0 || isVowel(at(i - 1)))) set(i, CONSONANT_Y);
}

function regionOne(length: i32): i32 {
  if (length >= 5 && ends(5, 'gener')) return 5;
  if (length >= 6 && ends(6, 'commun')) return 6;
  if (length >= 5 && ends(5, 'arsen')) return 5;
  return regionAfter(length, 0);
}

function regionAfter(length: i32, from: i32): i32 {
  for (let i = from + 1; i < length; i++) if (!isVowel(at(i)) && isVowel(at(i - 1))) return i + 1;
  return length;
}

/** Step 1a. */
function stripPlural(length: i32): i32 {
  if (ends(length, 'sses')) return length - 2;
  if (ends(length, 'ied') || ends(length, 'ies')) return length > 4 ? length - 2 : length - 1;
  if (at(length - 1) != S || at(length - 2) == S || at(length - 2) == U) return length;
  return hasVowel(length - 2) ? length - 1 : length;
}

/** Step 1b. */
function stripPast(length: i32, r1: i32): i32 {
  if (ends(length, 'eedly')) return length - 5 >= r1 ? length - 3 : length;
  if (ends(length, 'eed')) return length - 3 >= r1 ? length - 1 : length;
  let end = length;
  if (ends(length, 'ingly')) end -= 5;
  else if (ends(length, 'edly')) end -= 4;
  else if (ends(length, 'ing')) end -= 3;
  else if (ends(length, 'ed')) end -= 2;
  return end < length && hasVowel(end) ? repair(end, r1) : length;
}

function repair(end: i32, r1: i32): i32 {
  if (ends(end, 'at') || ends(end, 'bl') || ends(end, 'iz')) {
    set(end, E);
    return end + 1;
  }
  const last = at(end - 1);
  if (end >= 2 && last == at(end - 2) && isOneOf(last, 'bdfgmnprt')) return end - 1;
  if (r1 >= end && endsShort(end)) {
    set(end, E);
    return end + 1;
  }
  return end;
}

/** Step 2. */
function derive(length: i32, r1: i32): i32 {
  const rule = find(step2, length, false);
  if (rule !== null) {
    const from = length - rule.ofSuffix;
    const inR1 = ends(length, 'logi') ? from + 1 >= r1 : from >= r1;
    return inR1 ? replace(rule, from) : length;
  }
  if (ends(length, 'li') && length - 2 >= r1 && isOneOf(at(length - 3), 'cdeghkmnrt'))
    return length - 2;
  return length;
}

/** Step 3. */
function shorten(length: i32, r1: i32, r2: i32): i32 {
  if (ends(length, 'ative') && length - 5 >= r1) return length - 5 >= r2 ? length - 5 : length;
  const rule = find(step3, length, false);
  if (rule === null || length - rule.ofSuffix < r1) return length;
  return replace(rule, length - rule.ofSuffix);
}

/** Step 4. */
function cut(length: i32, r2: i32): i32 {
  if (ends(length, 'ion')) {
    const before = at(length - 4);
    return length - 3 >= r2 && (before == S || before == T) ? length - 3 : length;
  }
  const rule = find(step4, length, false);
  return rule !== null && length - rule.ofSuffix >= r2 ? length - rule.ofSuffix : length;
}

/** Step 5. */
function finish(length: i32, r1: i32, r2: i32): i32 {
  const last = length - 1;
  if (at(last) == E && (last >= r2 || (last >= r1 && !endsShort(last)))) return last;
  if (at(last) == L && last >= r2 && at(last - 1) == L) return last;
  return length;
}

function endsShort(end: i32): bool {
  const last = at(end - 1);
  if (end < 2 || isVowel(last) || !isVowel(at(end - 2))) return false;
  if (end == 2) return true;
  return !isVowel(at(end - 3)) && last != W && last != X && last != CONSONANT_Y;
}

function hasVowel(end: i32): bool {
  for (let i = 0; i < end; i++) if (isVowel(at(i))) return true;
  return false;
}

function at(i: i32): i32 {
  return load<u16>(word + 2 * i);
}

function set(i: i32, unit: i32): void {
  store<u16>(word + 2 * i, unit);
}

function isOneOf(unit: i32, letters: string): bool {
  for (let i = 0; i < letters.length; i++) if (letters.charCodeAt(i) == unit) return true;
  return false;
}

function ends(length: i32, suffix: string): bool {
  return isAtEnd(length, changetype<usize>(suffix), suffix.length);
}

/** Whether the first `length` units end with those at `suffix`. */
function isAtEnd(length: i32, suffix: usize, ofSuffix: i32): bool {
  const offset = length - ofSuffix;
  if (offset < 0) return false;
  for (let i = ofSuffix - 1; i >= 0; i--)
    if (at(offset + i) != <i32>load<u16>(suffix + 2 * i)) return false;
  return true;
}

/** The longest rule for the ending of the first `length` units, or for all of them. */
function find(table: usize, length: i32, isWhole: bool): Rule | null {
  let found: Rule | null = null;
  let rule = load<Rule | null>(table + POINTER * at(length - 1));
  while (rule !== null) {
    const isLonger = found === null || rule.ofSuffix > found.ofSuffix;
    const mayBe = isWhole ? rule.ofSuffix == length : isLonger;
    if (mayBe && isAtEnd(length, rule.suffix, rule.ofSuffix)) found = rule;
    rule = rule.next;
  }
  return found;
}

function replace(rule: Rule, from: i32): i32 {
  memory.copy(word + 2 * from, rule.replacement, 2 * rule.ofReplacement);
  return from + rule.ofReplacement;
}

/** Reads `suffix=replacement suffix=replacement …`. */
function rulesOf(text: string): usize {
  const table = heap.alloc(POINTER * UNITS);
  const units = changetype<usize>(text);
  for (let i = 0; i < text.length;) {
    const equals = text.indexOf('=', i);
    const blank = text.indexOf(' ', equals);
    const end = blank < 0 ? text.length : blank;
    const group = table + POINTER * text.charCodeAt(equals - 1);
    const rule = new Rule();
    rule.next = load<Rule | null>(group);
    rule.suffix = units + 2 * i;
    rule.ofSuffix = equals - i;
    rule.replacement = units + 2 * (equals + 1);
    rule.ofReplacement = end - equals - 1;
    store<Rule>(group, rule);
    i = end + 1;
  }
  return table;
}
