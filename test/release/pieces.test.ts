/** What a release is made of: deltas and why there are none, the proof of an index, the shapes that older clients read. */
import { gunzipSync } from 'node:zlib';
import { expect, it, vi } from 'vitest';
import {
  applyDelta,
  decodeIndex,
  encodeIndex,
  readManifest,
  sha256Hex,
} from '../../src/format/index.ts';
import { createEmbeddedModel, decodeModel } from '../../src/embed/index.ts';
import { buildWordIndex, topK } from '../../src/ranking/index.ts';
import { modelFingerprint, type ReleaseBase } from '../../src/release/index.ts';
import { safeUrl } from '../../src/release/safe-url.ts';
import { ABOUT, built, DIMENSIONS, type Given, record, records } from './any-content.ts';

async function baseOf(
  given: Given = {},
): Promise<ReleaseBase & { bytes: Uint8Array<ArrayBuffer> }> {
  const { about = ABOUT, dimensions = DIMENSIONS } = given;
  const bytes = encodeIndex(about, dimensions, given.records ?? records(50));
  return { sha256: await sha256Hex(bytes), load: async () => bytes, bytes };
}

/** So many of 200 records have other texts. */
const changed = (count: number) => records(200, (id) => (id < count ? 1 : 0));

it('has a delta from each base that leads there, and a reason where there is none', async () => {
  const near = await baseOf({ records: changed(2) });
  const far = await baseOf({ records: records(200, () => 3) });
  const other = await baseOf({
    records: changed(2),
    about: { ...ABOUT, model: { id: 'b', fingerprint: 'b' } },
  });
  const broken = {
    ...(await baseOf({ records: changed(3) })),
    load: async () => new Uint8Array(9),
  };
  const gone = { sha256: '0'.repeat(64), load: () => Promise.reject(new Error('gone')) };
  const { draft, ways, contents } = await built({
    records: changed(0),
    bases: [near, far, other, broken, gone],
  });
  expect(ways.map(({ leftOut }) => leftOut)).toEqual([
    undefined,
    'size',
    'model',
    'unreadable',
    'unreadable',
  ]);
  const [delta] = draft.manifest.deltas;
  expect(draft.manifest.deltas).toHaveLength(1);
  const [file] = delta?.files ?? [];
  expect(draft.files).toContain(file?.path);
  const zipped = contents.get(file?.path ?? '') ?? new Uint8Array();
  expect(zipped.length).toBe(file?.bytes);
  const plain = new Uint8Array(gunzipSync(zipped));
  expect(await sha256Hex(plain)).toBe(delta?.sha256);
  expect(await sha256Hex(await applyDelta(near.bytes, plain))).toBe(draft.manifest.index.sha256);
});

it('is major where a client should not wait: the first, another model, over a fifth of the records', async () => {
  const changeFrom = async (given: Given | null) => {
    const bases = given === null ? [] : [await baseOf(given)];
    return (await built({ records: changed(0), bases })).draft.manifest.change;
  };
  expect(await changeFrom(null)).toBe('major');
  expect(await changeFrom({ records: changed(40) })).toBe('minor');
  expect(await changeFrom({ records: changed(41) })).toBe('major');
  expect(await changeFrom({ records: records(160) })).toBe('minor');
  expect(await changeFrom({ records: records(150) })).toBe('major');
  expect(
    await changeFrom({
      records: changed(0),
      about: { ...ABOUT, model: { id: 'b', fingerprint: 'b' } },
    }),
  ).toBe('major');
});

it('says what a client checks, in the shape of a manifest', async () => {
  const { draft, contents } = await built({ records: records(400) });
  const signed = {
    type: 'release',
    product: 'any',
    channels: ['any'],
    sequence: 1,
    version: '1',
    created: '2024-01-01T00:00:00Z',
  };
  expect(readManifest({ ...signed, ...draft.manifest }, 'manifest')).toMatchObject(draft.manifest);
  const { index, canaries, recall, model } = draft.manifest;
  const plain = contents.get(`b/${index.sha256}.idx`) ?? new Uint8Array();
  expect(await sha256Hex(plain)).toBe(index.sha256);
  expect(decodeIndex(plain)).toMatchObject({
    recordCount: index.records,
    chunkCount: index.chunks,
  });
  expect(new Set(canaries.flatMap(({ expects }) => expects)).size).toBe(8);
  // As a page asks: titles stand before texts, and each record counts by its best chunk.
  const decoded = decodeIndex(plain);
  const wordsOf = (chunk: number) => [
    decoded.title(decoded.recordOf(chunk)) ?? '',
    decoded.text(chunk),
  ];
  const words = buildWordIndex(decoded.chunkCount, wordsOf);
  for (const { query, expects } of canaries) {
    const first = topK(words.scores(query), 10).map((chunk) =>
      decoded.key(decoded.recordOf(chunk)),
    );
    expect(first).toEqual(expect.arrayContaining([...expects]));
  }
  expect(recall).toBeGreaterThan(9_000);
  expect(model).toEqual(ABOUT.model);
});

it('says that content does not fit, and of what', async () => {
  const [first] = records(1);
  const columns = { huge: 'x'.repeat(2 ** 20) };
  await expect(built({ records: [{ ...(first ?? record(0)), columns }] })).rejects.toMatchObject({
    fault: 'refused',
    message: expect.stringMatching(/"any" does not fit into an index: record 0: its columns/),
  });
});

it('proves nothing where nothing can be told apart', async () => {
  const alike = records(40).map(({ key, chunks }) => ({ ...record(1), key, chunks }));
  const texts = alike.map((one, i) => ({
    ...one,
    chunks: [{ ...(record(1).chunks[0] ?? one.chunks[0]), index: 0 }],
    key: `k${i}`,
  }));
  expect((await built({ records: texts as typeof alike })).draft.manifest).toMatchObject({
    canaries: [],
  });
  expect((await built({ records: records(3) })).draft.manifest.recall).toBeUndefined();
});

it('brings the embedded model along where it is the model, and only then', async () => {
  const model = createEmbeddedModel();
  const about = { ...ABOUT, model: { id: model.id, fingerprint: modelFingerprint(model.id) } };
  const { draft, contents } = await built({ about });
  const { download, fingerprint } = draft.manifest.model;
  const [zipped, plain] = (download?.files ?? []).map(
    ({ path }) => contents.get(path) ?? new Uint8Array(),
  );
  expect(decodeModel(plain ?? new Uint8Array()).fingerprint).toBe(fingerprint);
  expect(await sha256Hex(plain ?? new Uint8Array())).toBe(download?.sha256);
  expect(new Uint8Array(gunzipSync(zipped ?? new Uint8Array()))).toEqual(
    new Uint8Array(plain ?? []),
  );
  expect((await built({ about, hasModel: false })).draft.manifest.model).toEqual(about.model);
  expect(modelFingerprint('test/a@8')).not.toBe(modelFingerprint('test/b@8'));
});

it('the shapes of older clients tell of the same content, wherever they are made', async () => {
  vi.stubEnv('TZ', 'Asia/Kathmandu');
  const { draft, contents } = await built({ records: records(50), knowledge: 'kb' });
  const json = (file: string) => JSON.parse(Buffer.from(contents.get(file) ?? []).toString());
  expect(draft.mutableFiles.toSorted()).toEqual([
    'kb-knowledge-index.json',
    'kb-knowledge-index.json.gz',
    'kb-knowledge-version.json',
    'kb-vector-deployment.json',
  ]);
  vi.unstubAllEnvs();
  const plain = contents.get('kb-knowledge-index.json') ?? new Uint8Array();
  const zipped = contents.get('kb-knowledge-index.json.gz') ?? new Uint8Array();
  expect(gunzipSync(zipped)).toEqual(Buffer.from(plain));
  const version = json('kb-knowledge-version.json');
  const hash = await sha256Hex(plain);
  expect(version).toEqual({
    version: `2024.101.0+${hash.slice(0, 8)}`,
    hash,
    buildTime: '2024-01-01T00:00:49.000Z',
    chunkCount: 50,
    embeddingModel: 'test/any@8',
    files: {
      compressed: {
        path: 'kb-knowledge-index.json.gz',
        size: zipped.length,
        compressionRatio: Math.round(100 * (1 - zipped.length / plain.length)),
      },
    },
  });
  expect(json('kb-vector-deployment.json')).toMatchObject({
    hash,
    files: { uncompressed: { size: plain.length } },
  });
  const { chunks } = json('kb-knowledge-index.json');
  expect(chunks).toHaveLength(50);
  const [chunk] = record(7).chunks;
  expect(chunks[7]).toMatchObject({
    id: '00007#0',
    text: chunk?.text,
    metadata: { key: '00007', title: 'Record 7', tags: ['any'] },
  });
  for (const [i, number] of (chunks[7].embedding as number[]).entries())
    expect(number).toBeCloseTo(chunk?.vector[i] ?? Number.NaN, 3);
});

it('links lead to pages and nowhere else', () => {
  for (const good of ['https://example.org/a b', 'http://example.org/?a=1#b'])
    expect(safeUrl(good, false)).toBe(good);
  for (const path of ['/a', 'a/b', '?q=1', '//example.org/a'])
    expect(safeUrl(path, true)).toBe(path);
  for (const bad of [
    'javascript:alert(1)',
    ' JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'https://me:secret@example.org/',
    'https://',
    '',
    '  ',
    null,
  ])
    for (const takesPaths of [true, false]) expect(safeUrl(bad, takesPaths)).toBeNull();
  for (const file of ['notes.md', 'C:\\notes.md', '/srv/notes.md'])
    expect(safeUrl(file, false)).toBeNull();
});
