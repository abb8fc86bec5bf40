/** `evervec docs …` as it is typed: outcomes, exit codes, JSON, and what asks before it destroys. */
import { expect, test } from 'vitest';
import { commandFolder } from '../setup/command.ts';
import { describeOnOneDatabase } from '../setup/each-database.ts';

const CONFIG = `export default { sources: {}, documents: { tiers: ['free', 'paid'] } };`;

describeOnOneDatabase('evervec docs', (databases) => {
  test('takes in, shows, changes, goes back, deletes', { timeout: 240_000 }, async () => {
    const place = await databases.create('empty');
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', CONFIG);
    await folder.write('guides/tides.md', '# On tides\n\nThe moon pulls the sea.\n');
    await folder.write('guides/deep/harbours.md', 'Boats and ropes.\n');
    await folder.write('guides/empty.md', '');
    const docs = (...args: string[]) =>
      folder.run(['docs', ...args], { DATABASE_URL: place.location });
    const json = async (...args: string[]) => {
      const outcome = await docs(...args, '--json');
      expect({ args, ...outcome }).toMatchObject({ code: 0 });
      return JSON.parse(outcome.stdout);
    };

    expect(await json('list')).toEqual({ documents: [], total: 0 });
    const imported = await docs('import', 'guides', '--collection', 'sea', '--tags', 'a,b');
    expect(imported).toMatchObject({ code: 1 });
    expect(imported.stdout).toMatch(/added +guides\/deep\/harbours\.md\n/);
    expect(imported.stdout).toMatch(/failed +guides\/empty\.md: \S/);
    expect(imported.stdout).toMatch(/2 added, 1 failed/);
    expect(imported.stdout).not.toMatch(/wait for a worker/);

    const { hits } = JSON.parse(
      (await folder.run(['search', 'the moon pulls', '--json'], { DATABASE_URL: place.location }))
        .stdout,
    );
    expect(hits[0].record).toMatchObject({
      title: 'On tides',
      origin: 'guides/tides.md',
      tier: 'free',
      tags: ['a', 'b'],
    });

    await folder.write('guides/tides.md', '# On tides\n\nThe sun pulls, too.\n');
    expect(
      await json('add', 'guides/tides.md', '--origin', 'guides/tides.md', '--collection', 'sea'),
    ).toMatchObject({ counts: { version: 1 }, pending: 0 });
    expect((await docs('diff', 'guides/tides.md', '1', '2', '--words')).stdout).toMatch(
      /The \[-moon-\]\{\+sun\+\} pulls/,
    );
    expect(await json('rollback', 'guides/tides.md', '1')).toEqual({ version: 3 });
    expect((await json('versions', 'guides/tides.md')).versions).toMatchObject([
      { version: 3, summary: 'Rolled back to version 1' },
      { version: 2 },
      { version: 1 },
    ]);
    expect(await json('update', 'sea/guides/tides.md', '--tier', 'paid')).toMatchObject({
      tier: 'paid',
      version: 3,
    });

    expect(await docs('update', 'guides/tides.md', '--tier', 'gold')).toMatchObject({ code: 2 });
    expect(await docs('show', 'nothing')).toMatchObject({ code: 2 });
    expect(await docs('diff', 'guides/tides.md', '1', '7')).toMatchObject({ code: 2 });
    expect(await docs('import', 'nowhere')).toMatchObject({ code: 2 });
    const asked = await docs('delete', 'guides/tides.md');
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--confirm') });
    expect(await docs('delete', 'guides/tides.md', 'nothing', '--confirm')).toMatchObject({
      code: 2,
    });
    expect((await json('list')).total).toBe(2);

    const kept = await folder.run(['teardown', '--confirm'], { DATABASE_URL: place.location });
    expect(kept).toMatchObject({ code: 2, stderr: expect.stringContaining('--with-documents') });
    expect(await json('delete', '--collection', 'sea', '--confirm')).toEqual({ deleted: 2 });
    expect(
      await folder.run(['teardown', '--confirm'], { DATABASE_URL: place.location }),
    ).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing of Evervec is left') });
  });

  test('mirrors a folder, and says first what would go', { timeout: 240_000 }, async () => {
    const place = await databases.create('empty');
    await using folder = await commandFolder();
    await folder.write('evervec.config.ts', CONFIG);
    for (const name of ['a', 'b', 'c']) await folder.write(`notes/${name}.md`, `note ${name}\n`);
    const run = (...args: string[]) =>
      folder.run(['docs', 'import', 'notes', '--queue-only', ...args], {
        DATABASE_URL: place.location,
      });
    expect((await run()).stdout).toMatch(/3 added[^]*3 wait for a worker/);
    const without = ['--exclude', 'b.md', '--prune'];
    const plan = await run(...without, '--dry-run', '--json');
    expect(JSON.parse(plan.stdout)).toEqual({
      files: ['notes/a.md', 'notes/c.md'],
      to_delete: ['notes/b.md'],
      ignored: 1,
    });
    expect(await run(...without)).toMatchObject({ code: 2 });
    expect((await run(...without, '--confirm')).stdout).toMatch(/2 unchanged[^]*1 deleted/);
    expect((await run('--prune', '--confirm')).stdout).toMatch(/1 added, 2 unchanged/);
  });
});
