/** Shows one hit: heading, score, where it is from, its best passage with the query's words marked, its fields. */
import { element } from './dom.js';

/** Columns that name a record, in the order of preference. */
const NAMES = ['title', 'name', 'subject', 'headline'];
const WORD = /[\p{L}\p{N}]+/gu;
/** Words as short as this are marked only where they are the whole word. */
const SHORT = 3;

export function showHit(hit, query) {
  const words = wordsOf(query);
  const heading = headingOf(hit);
  const passage = withoutHeading(hit.chunk.text, heading);
  return element(
    'li.hit',
    null,
    element(
      'div.hit-head',
      null,
      element('h2', null, ...markWords(heading ?? `${hit.source} ${hit.key}`, words)),
      showScore(hit.score),
    ),
    showOrigin(hit),
    passage === '' ? null : element('p.passage', null, ...markWords(passage, words)),
    showFields(hit.record),
  );
}

function headingOf({ record }) {
  const name = NAMES.find((key) => typeof record[key] === 'string' && record[key].trim() !== '');
  return name === undefined ? null : record[name];
}

/** The text of a record often starts with its title, which is above it already. */
function withoutHeading(text, heading) {
  return heading !== null && text.startsWith(heading) ? text.slice(heading.length).trim() : text;
}

function showScore(score) {
  const bar = element('span', null);
  bar.style.width = `${Math.round(Math.min(1, Math.max(0, score)) * 100)}%`;
  return element(
    'span.score',
    { title: 'Score, comparable within this answer only' },
    element('span.bar', { 'aria-hidden': true }, bar),
    element('span', null, element('span.unseen', null, 'Score '), score.toFixed(2)),
  );
}

function showOrigin(hit) {
  const leg = (name, value) =>
    value === null ? null : element('span', null, `${name} ${value.toFixed(2)}`);
  return element(
    'p.meta',
    null,
    element('span.origin', null, hit.source),
    element('span', null, `key ${hit.key}`),
    hit.chunk.section === null ? null : element('span', null, hit.chunk.section),
    leg('meaning', hit.scores.vector),
    leg('words', hit.scores.text),
  );
}

function showFields(record) {
  const entries = Object.entries(record).flatMap(([name, value]) => [
    element('dt', null, name),
    element('dd', null, fieldText(value)),
  ]);
  return element(
    'details',
    null,
    element('summary', null, 'Record'),
    element('dl.fields', null, ...entries),
  );
}

function fieldText(value) {
  if (value === null || value === undefined) return '–';
  return typeof value === 'object' ? JSON.stringify(value, null, 1) : String(value);
}

export function wordsOf(query) {
  return [...new Set((query.match(WORD) ?? []).map(fold))];
}

/** The text as nodes: what matches a word of the query is in a `mark`. */
export function markWords(text, words) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(WORD)) {
    if (!matches(fold(match[0]), words)) continue;
    nodes.push(text.slice(end, match.index), element('mark', null, match[0]));
    end = match.index + match[0].length;
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== '');
}

/** The same word, or the same with another ending: `flight` and `flights`, `ski` not with `skill`. */
function matches(word, words) {
  return words.some((wanted) => {
    if (word === wanted) return word.length > 1 && !COMMON.has(word);
    const [short, long] = word.length < wanted.length ? [word, wanted] : [wanted, word];
    return short.length > SHORT && long.startsWith(short) && long.length - short.length <= SHORT;
  });
}

const COMMON = new Set(
  'a an and are as at be by for from in is it of on or the to with'.split(' '),
);

function fold(word) {
  return word.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
}
