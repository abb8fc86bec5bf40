/**
 * The tables of the English stemmer as texts, pairs of an ending and what is written in its place. Two programs are made from them, `english-stem.ts` and the
 * WebAssembly in `kernel/`, whose compiler takes single literals only.
 */
export const STEP_2 =
  'ational=ate tional=tion enci=ence anci=ance abli=able entli=ent ization=ize izer=ize ation=ate ator=ate alism=al aliti=al alli=al fulness=ful ousness=ous ousli=ous iveness=ive iviti=ive biliti=ble bli=ble fulli=ful lessli=less logi=log';
export const STEP_3 = 'ational=ate tional=tion alize=al icate=ic iciti=ic ical=ic ful= ness=';
export const STEP_4 =
  'ement= ance= ence= able= ible= ment= ant= ent= ism= ate= iti= ous= ive= ize= al= er= ic=';
/** Instead of all steps. */
export const WHOLE_WORDS =
  'skis=ski skies=sky dying=die lying=lie tying=tie idly=idl gently=gentl ugly=ugli early=earli only=onli singly=singl sky=sky news=news howe=howe atlas=atlas cosmos=cosmos bias=bias andes=andes';
/** These stay as they are after step 1a. */
export const WHOLE_AFTER_STEP_1A =
  'inning= outing= canning= herring= earring= proceed= exceed= succeed=';
