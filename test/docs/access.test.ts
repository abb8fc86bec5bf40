/** Runs the SQL of docs/access.md, as whom it says, in order. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { configure } from '../source/fixture.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { given } from '../document/tiers-fixture.ts';

const DOCUMENT = fileURLToPath(new URL('../../docs/access.md', import.meta.url));
/** Roles are the cluster's: one that no other test has. */
const ROLE = 'evervec_test_docs_reader';

interface Block {
  who: string;
  statements: string[];
}

function blocks(): Block[] {
  const text = readFileSync(DOCUMENT, 'utf8');
  return [...text.matchAll(/^```sql\n-- as the (\w+)\n([\s\S]*?)^```/gm)].map(
    ([, who = '', sql = '']) => ({
      who,
      statements: sql
        .split(';')
        .map((statement) => statement.trim().replaceAll(/\breader\b/g, ROLE))
        .filter((statement) => !['', 'begin', 'commit'].includes(statement)),
    }),
  );
}

async function run(database: Database, { who, statements }: Block): Promise<object[][]> {
  return await database.transaction(async (tx) => {
    if (who === 'reader') await tx.query(`set local role ${ROLE}`);
    const answers: object[][] = [];
    for (const statement of statements) {
      const isNew = statement.startsWith('create role');
      const sql = isNew
        ? `do $$ begin ${statement}; exception when duplicate_object or unique_violation then null; end $$`
        : statement;
      answers.push((await tx.query(sql)).rows);
      if (isNew) await tx.query(`grant ${ROLE} to current_user`);
    }
    return answers;
  });
}

describeEachDatabase('docs/access.md', ({ open }) => {
  test('its statements work, one after the other', async () => {
    const database = await open();
    const { evervec, drain } = await configure(
      database,
      {},
      { documents: { tiers: ['public', 'premium', 'internal'] } },
    );
    const library = [
      given('Lake', 'Quiet water of a lake', 'public'),
      given('Sea', 'Quiet water of a sea', 'premium'),
      given('Well', 'Quiet water of a well', 'internal'),
    ];
    const [first, ...others] = blocks();
    expect([first, ...others].map((block) => block?.who)).toEqual([
      'owner',
      'reader',
      'owner',
      'reader',
    ]);
    // Also before the first document is there.
    if (first) await run(database, first);
    await evervec.documents.addAll(library, { by: 'tester' });
    await drain();
    const answers = [];
    for (const block of others) {
      answers.push(await run(database, block));
      if (answers.length > 1) continue;
      const seen = await database.transaction(async (tx) => {
        await tx.query(`select set_config('evervec.tiers', 'public', true)`);
        await tx.query(`set local role ${ROLE}`);
        return (await tx.query(`select from evervec.search('documents', 'water')`)).rowCount;
      });
      expect(seen).toBe(1);
    }
    const [asReader, , narrowed] = answers;
    expect(asReader?.[1]).toHaveLength(2);
    expect(asReader?.[2]).toHaveLength(2);
    expect(narrowed?.[1]).toHaveLength(1);
  });
});
