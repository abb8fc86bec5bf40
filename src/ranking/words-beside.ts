/** What a misspelled word may have been: one letter more, less or another, or two exchanged. The same as `evervec.words_beside_text`. Pure. */

const LATIN = [...'abcdefghijklmnopqrstuvwxyzäöüßéèçñ'];
const CYRILLIC = [...'абвгдеёжзийклмнопрстуфхцчшщъыьэюя'];

/** @returns each once, some thousand; not the word itself */
export function wordsBeside(word: string): Set<string> {
  const letters = /[а-яё]/.test(word) ? CYRILLIC : LATIN;
  const units = [...word];
  const beside = new Set<string>();
  for (let at = 0; at <= units.length; at++) {
    const before = units.slice(0, at).join('');
    const [here = '', next = ''] = units.slice(at, at + 2);
    const rest = units.slice(at + 1).join('');
    for (const letter of letters) {
      beside.add(before + letter + here + rest);
      beside.add(before + letter + rest);
    }
    beside.add(before + rest);
    beside.add(before + next + here + units.slice(at + 2).join(''));
  }
  beside.delete(word);
  return beside;
}
