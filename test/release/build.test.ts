/** What a release is built of, and that the same content gives the same bytes on every database. */
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/index.ts';
import { applyDelta, sha256Hex } from '../../src/format/index.ts';
import { buildWordIndex } from '../../src/ranking/index.ts';
import type { ReleaseBase } from '../../src/release/index.ts';
import { describeEachDatabase } from '../setup/each-database.ts';
import { keep, type Kept } from '../source/fixture.ts';
import {
  ARTICLES,
  bodyOf,
  createArticles,
  everyByte,
  HANDBOOK,
  insertArticles,
  readBack,
  type ReadBack,
  scratchFolder,
} from './fixture.ts';

/** By kind of database: what both must agree in. */
const built = new Map<string, string[]>();

function baseOf({ bytes, draft }: ReadBack): ReleaseBase {
  return { sha256: draft.manifest.index.sha256, load: async () => bytes };
}

async function handbook(kept: Kept, folder: string, bases: readonly ReleaseBase[] = []) {
  const report = await kept.evervec.releases.build('handbook', { folder, bases });
  return { report, ...(await readBack(folder)) };
}

describeEachDatabase('release build', (databases) => {
  test('holds every record as it is, and is the same on every database', async () => {
    const place = await databases.create();
    // What a session writes values like must not matter; a second opening of an embedded one takes its time.
    if (databases.kind === 'postgres') await makeOdd(await place.open());
    const database = await place.open();
    await createArticles(database);
    const releases = { handbook: { ...HANDBOOK, knowledge: true, updatedAt: 'seen' } };
    const kept = await keep(database, ARTICLES, { model: 'embedded', releases });
    const folder = path.join(await scratchFolder(), 'handbook');
    const stages: string[] = [];
    const report = await kept.evervec.releases.build('handbook', {
      folder,
      onProgress: (stage) => stages.push(stage),
    });
    expect(new Set(stages)).toEqual(new Set(['reading', 'encoding', 'compressing', 'writing']));
    const { draft, index, bytes } = await readBack(folder);
    expect(report).toMatchObject({ release: 'handbook', outcome: 'built', records: 60, stale: 0 });
    expect(draft.manifest.index.sha256).toBe(await sha256Hex(bytes));
    expect(index.recordCount).toBe(60);
    expect(index.about).toMatchObject({
      source: 'articles',
      language: 'english',
      fusionWeight: expect.closeTo(0.2),
    });
    const record = index.record(index.findRecord('7'));
    expect(record).toMatchObject({
      key: '7',
      title: 'On anchors 7',
      url: '/articles/on%20anchors/7',
      publishedAt: '2024-08-15',
      tags: ['anchors', 'sea'],
      columns: { author: 'Author 2', rating: 2.5, seen: '2024-05-01T08:07:00+00:00' },
    });
    for (let chunk = record.firstChunk; chunk < record.firstChunk + record.chunkCount; chunk++) {
      const { text, start, end } = index.chunk(chunk);
      expect(bodyOf(7).slice(start, end)).toBe(text);
    }
    const last = index.chunk(record.firstChunk + record.chunkCount - 1);
    expect(last.section).toContain('anchors');

    const hits = await kept.evervec.search({ query: 'experiment33', mode: 'text', limit: 1 });
    const words = buildWordIndex(index.chunkCount, (chunk) => [index.text(chunk)]);
    const scores = words.scores('experiment33');
    const best = index.recordOf(scores.indexOf(Math.max(...scores)));
    expect(index.key(best)).toBe(hits.hits[0]?.key);

    built.set(databases.kind, await hashesOf(folder));
    const [one, other = one] = built.values();
    expect(one).toEqual(other);
  });

  test('a second build is skipped, a change is a small delta, and another order of rows is no change', async () => {
    const database = await databases.open();
    await createArticles(database);
    const kept = await keep(database, ARTICLES, {
      model: 'embedded',
      releases: { handbook: HANDBOOK },
    });
    const folder = path.join(await scratchFolder(), 'handbook');
    const first = await handbook(kept, folder);
    expect(first.report.draft).toMatchObject({ change: 'major', deltas: [] });
    expect(first.draft.manifest.canaries).toHaveLength(8);
    expect(first.draft.manifest.recall).toBeGreaterThan(8_000);

    const again = await kept.evervec.releases.build('handbook', { folder, bases: [baseOf(first)] });
    expect(again).toMatchObject({
      outcome: 'unchanged',
      sha256: first.draft.manifest.index.sha256,
    });
    await expect(readBack(folder)).rejects.toMatchObject({ fault: 'draft' });
    const forced = await kept.evervec.releases.build('handbook', {
      folder,
      bases: [baseOf(first)],
      force: true,
    });
    expect(forced.draft?.deltas).toEqual([
      { from: first.draft.manifest.index.sha256, bytes: null, left_out: 'same' },
    ]);

    await database.query('create table moved as select * from articles order by id desc');
    await database.query('truncate articles');
    await database.query('insert into articles select * from moved');
    await kept.drain();
    const moved = await kept.evervec.releases.build('handbook', { folder, bases: [baseOf(first)] });
    expect(moved.outcome).toBe('unchanged');

    await database.query(
      `update articles set body = replace(body, 'evening', 'morning') where id = 5`,
    );
    await database.query('delete from articles where id = 6');
    await insertArticles(database, [61]);
    await kept.drain();
    const changed = await handbook(kept, folder, [baseOf(first)]);
    expect(changed.draft.manifest.change).toBe('minor');
    const [delta] = changed.draft.manifest.deltas;
    expect(delta?.from).toBe(first.draft.manifest.index.sha256);
    const files = await everyByte(folder);
    const plain = files.get(`${delta?.files[0]?.path}!`);
    expect(await applyDelta(first.bytes, new Uint8Array(plain ?? []))).toEqual(changed.bytes);
    expect(changed.report.draft?.deltas[0]?.bytes).toBeLessThan(
      (changed.report.draft?.gzip_bytes ?? 0) / 4,
    );
  });
});

async function hashesOf(folder: string): Promise<string[]> {
  const files = await everyByte(folder);
  const named = Array.from(files, async ([file, bytes]) => `${file} ${await sha256Hex(bytes)}`);
  return (await Promise.all(named)).sort();
}

/** From the next session on. */
async function makeOdd(database: Database): Promise<void> {
  const { rows } = await database.query<{ name: string }>('select current_database() as name');
  for (const setting of [`timezone = 'Asia/Kathmandu'`, `datestyle = 'German, DMY'`])
    await database.query(`alter database "${rows[0]?.name}" set ${setting}`);
  await database.close();
}
