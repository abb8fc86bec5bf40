/** `evervec evaluate` as a process: its JSON, what it says of bad input, and what Ctrl-C leaves. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openPostgres } from '../../src/database/index.ts';
import { startWireServer } from '../providers/wire-server.ts';
import { commandFolder } from '../setup/command.ts';
import { describeOnPostgres } from '../setup/each-database.ts';
import { eventually } from '../setup/signal.ts';

const COLLECTION = fileURLToPath(new URL('../evaluate/collection', import.meta.url));
const QUALITY = {
  ndcg10: expect.any(Number),
  mrr10: expect.any(Number),
  recall100: expect.any(Number),
};

test(
  'works without a configuration; one folder is an object, several are a list',
  { timeout: 120_000 },
  async () => {
    await using folder = await commandFolder();
    const one = await folder.run(['evaluate', COLLECTION, '--json']);
    expect({ ...one, stdout: JSON.parse(one.stdout) }).toMatchObject({
      code: 0,
      stdout: {
        folder: COLLECTION,
        model: expect.stringMatching(/^evervec\//),
        documents: 30,
        queries: 7,
        modes: { text: QUALITY, vector: QUALITY, hybrid: QUALITY },
      },
    });
    const args = ['evaluate', COLLECTION, COLLECTION, '--mode', 'text', '--limit-queries', '2'];
    const two = await folder.run([...args, '--json']);
    expect(JSON.parse(two.stdout)).toMatchObject({
      folders: [
        { queries: 2, modes: { text: QUALITY } },
        { queries: 2, modes: { text: QUALITY } },
      ],
    });
    const table = await folder.run(args);
    expect(table.stdout).toMatch(/^folder +mode +nDCG@10 +MRR@10 +recall@100/);
    expect(table.stdout).toMatch(/ text +\d\.\d{4} +\d\.\d{4} +0\.\d{4} +2 +30 /);
  },
);

test('what is wrong is said in a sentence, with the remedy', { timeout: 120_000 }, async () => {
  await using folder = await commandFolder();
  const make = async (name: string, files: Record<string, string>) => {
    for (const [file, text] of Object.entries(files)) {
      const target = path.join(folder.path, name, file);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, text);
    }
  };
  const corpus = '{"_id": "a", "text": "secret words"}\n';
  const whole = {
    'corpus.jsonl': corpus,
    'queries.jsonl': '{"_id": "q", "text": "words"}\n',
    'qrels/test.tsv': 'query-id\tcorpus-id\tscore\nq\ta\t1\n',
  };
  await make('empty', { 'notes.txt': '' });
  await make('no-corpus', { ...whole, 'corpus.jsonl': '' });
  await make('malformed', { ...whole, 'corpus.jsonl': `${corpus}{"_id": "b", "text": secret}\n` });
  await make('twice', { ...whole, 'corpus.jsonl': `${corpus}\n${corpus}` });
  await make('splits', { ...whole, 'qrels/dev.tsv': 'q\ta\t1\n', 'qrels/train.tsv': 'q\ta\t1\n' });
  await make('unjudged', { ...whole, 'qrels/test.tsv': 'q\ta\t0\n' });
  for (const [args, message] of [
    [['nowhere'], /no folder nowhere/],
    [['empty'], /no judgements/],
    [['no-corpus'], /holds no document/],
    [['malformed'], /corpus.jsonl, line 2: it is not JSON/],
    [['twice'], /corpus.jsonl, line 3: its _id came before/],
    [['unjudged'], /No query of unjudged has a relevant document/],
    [['splits', '--split', 'other'], /no split "other"[^]*dev, test, train/],
    [['splits', '--mode', 'words'], /words is not of text, vector, hybrid/],
    [['splits', '--limit-queries', '0'], /not a whole number/],
    [['splits', '--model', 'acme/large'], /EMBEDDING_PROVIDER/],
    [['splits', '--model', 'openai/text-embedding-3-small'], /OPENAI_API_KEY/],
    [[], /Nothing is named/],
    [['splits', '--source', 'notes'], /not measured at once/],
    [['--source', 'notes', '--model', 'embedded'], /measured as it is/],
    [['splits', '--split', 'dev', '--rerank'], /no re-ranker/],
  ] as const) {
    const outcome = await folder.run(['evaluate', ...args]);
    expect({ args, code: outcome.code, stdout: outcome.stdout }).toEqual({
      args,
      code: 2,
      stdout: '',
    });
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).not.toMatch(/secret|\n\s+at /);
  }
  await make('unknown', { ...whole, 'qrels/test.tsv': 'q\ta\t1\nq\tz\t1\nr\ta\t1\n' });
  const warned = await folder.run(['evaluate', 'unknown', '--mode', 'text', '--json']);
  expect(warned.code).toBe(0);
  expect(warned.stderr).toMatch(/1 queries are judged but not in queries.jsonl/);
  expect(warned.stderr).toMatch(/1 documents are judged but not in corpus.jsonl/);
  expect(JSON.parse(warned.stdout).modes.text).toEqual({
    ndcg10: expect.closeTo(1 / (1 + 0.6309297535714575), 10),
    mrr10: 1,
    recall100: 0.5,
  });
});

describeOnPostgres('evaluate', (databases) => {
  test(
    'asks where the model costs money, and leaves nothing on Ctrl-C',
    { timeout: 120_000 },
    async () => {
      await using folder = await commandFolder();
      await using server = await startWireServer();
      const { location } = await databases.create();
      const env = {
        DATABASE_URL: location,
        OPENAI_API_KEY: 'sk-a-key-of-nobody-at-all',
        OPENAI_BASE_URL: `${server.url}/v1`,
      };
      const args = ['evaluate', COLLECTION, '--model', 'openai/text-embedding-3-small'];
      const asked = await folder.run(args, env);
      expect(asked).toMatchObject({ code: 2, stdout: '' });
      expect(asked.stderr).toMatch(
        /Embed [\d,]+ tokens with openai\/.* \(about 0\.00\)\?[^]*--yes/,
      );
      expect(server.calls).toBe(0);

      server.play = () => 'hang';
      const running = folder.start([...args, '--yes'], env);
      await eventually('a call of the model', () => server.calls > 0 || undefined, 60_000);
      const database = await openPostgres({ url: location });
      try {
        const scratch = async () =>
          (await database.query(`select from pg_namespace where nspname = 'evervec_evaluate'`))
            .rowCount;
        expect(await scratch()).toBe(1);
        running.kill('SIGINT');
        const outcome = await running.ended;
        expect(outcome).toMatchObject({ code: 1, stdout: '' });
        expect(outcome.stderr).toMatch(/stopped before its end/);
        expect(await scratch()).toBe(0);

        // A crash leaves it, and the next run replaces it.
        const crashing = folder.start([...args, '--yes'], env);
        await eventually('a second call', () => server.calls > 1 || undefined, 60_000);
        crashing.kill('SIGKILL');
        await crashing.ended;
        expect(await scratch()).toBe(1);
        const next = await folder.run(['evaluate', COLLECTION, '--mode', 'text'], env);
        expect(next).toMatchObject({ code: 0 });
        expect(await scratch()).toBe(0);
      } finally {
        await database.close();
      }
    },
  );
});
