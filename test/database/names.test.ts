import { describe, expect, test } from 'vitest';
import { checkSchemaName, nameRewriter } from '../../src/database/names.ts';
import { splitSql } from '../../src/database/sql-text.ts';
import { ConfigError } from '../../src/errors/index.ts';

const rewrite = nameRewriter('My Schema', 'ext');

describe('names are rewritten in', () => {
  test.each([
    ['select * from evervec.jobs', 'select * from "My Schema".jobs'],
    ['select $1::vector.halfvec[]', 'select $1::"ext".halfvec[]'],
    ['order by a operator(vector.<=>) b', 'order by a operator("ext".<=>) b'],
    ['(evervec.f(x),evervec."T")', '("My Schema".f(x),"My Schema"."T")'],
    [`select nextval('evervec.claim_seq')`, `select nextval('"My Schema".claim_seq')`],
    [`select 'vector.halfvec[]'::regtype`, `select '"ext".halfvec[]'::regtype`],
    [`as $$ select evervec.f('x') $$`, `as $$ select "My Schema".f('x') $$`],
    [
      `as $a$ execute format('select %s from evervec.%I', $b$vector.x$b$, 1) $a$`,
      `as $a$ execute format('select %s from "My Schema".%I', $b$"ext".x$b$, 1) $a$`,
    ],
  ])('%s', (sql, expected) => {
    expect(rewrite(sql)).toBe(expected);
  });
});

describe('names are left alone in', () => {
  test.each([
    'select * from my_evervec.x, other.vector.x, évervec.x, evervec_two.x, $evervec.x',
    'select "evervec.x", "vector"."halfvec"',
    `select 'see evervec.jobs', 'evervec.jobs is a table'`,
    `select E'it\\'s evervec.jobs', 'it''s evervec.jobs'`,
    'select 1 -- evervec.jobs\n',
    'select 1 /* evervec.jobs /* evervec.jobs */ evervec.jobs */',
    `select evervec, vector, 'evervec'`,
  ])('%s', (sql) => {
    expect(rewrite(sql)).toBe(sql);
  });
});

test('nothing changes with the names that statements are written with', () => {
  const sql = `select evervec.f($1::vector.halfvec) from evervec.jobs`;
  expect(nameRewriter('evervec', null)(sql)).toBe(sql);
});

test('a schema name that could end a literal is refused', () => {
  expect(checkSchemaName('My Schema_2')).toBe('My Schema_2');
  for (const name of [`it's`, 'a"b', '100%', 'a$b', 'a\\b', 'a\nb', ''])
    expect(() => checkSchemaName(name)).toThrow(ConfigError);
});

describe('splitSql', () => {
  test.each([
    [`a'b''c'd`, ['a', `'b''c'`, 'd']],
    [`e'\\''x`, [`e'\\''`, 'x']],
    [`type'\\'x`, ['type', `'\\'`, 'x']],
    ['$1 $a$ b $a$ c', ['$1 ', '$a$ b $a$', ' c']],
    ['a$b$ c $b$', ['a$b$ c ', '$b$']],
    ['x--y\nz', ['x', '--y\n', 'z']],
    [`'open`, [`'open`]],
    ['/*/**/*/ x', ['/*/**/*/', ' x']],
  ])('%s', (sql, parts) => {
    expect(splitSql(sql).map(({ text }) => text)).toEqual(parts);
  });
});
