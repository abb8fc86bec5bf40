import { describe, expect, test } from 'vitest';
import { quoteIdentifier, quoteQualified } from '../../src/database/index.ts';
import { ConfigError } from '../../src/errors/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';

describe('quoteIdentifier', () => {
  test.each([
    ['plain', '"plain"'],
    ['MixedCase', '"MixedCase"'],
    ['with space', '"with space"'],
    ['select', '"select"'],
    ['a"b', '"a""b"'],
    ['"; drop table x; --', '"""; drop table x; --"'],
    ['grün', '"grün"'],
  ])('%j', (name, quoted) => {
    expect(quoteIdentifier(name)).toBe(quoted);
  });

  test.each([[''], ['a\0b'], ['x'.repeat(64)], ['ü'.repeat(32)]])('refuses %j', (name) => {
    expect(() => quoteIdentifier(name)).toThrow(ConfigError);
  });

  test('a qualified name is quoted part by part', () => {
    expect(quoteQualified('My Schema', 'order')).toBe('"My Schema"."order"');
  });
});

describeEachDatabase('quoted names', (databases) => {
  test.each(['order', 'A "b" C', "it's", 'a.b', 'x'.repeat(63)])(
    'the server takes %j for what it is',
    async (name) => {
      const database = await databases.open('empty');
      await database.query(`create table ${quoteQualified('public', name)} (id integer)`);
      const { rows } = await database.query(
        `select relname from pg_class where relnamespace = 'public'::regnamespace`,
      );
      expect(rows).toEqual([{ relname: name }]);
    },
  );
});
