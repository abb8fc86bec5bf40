/**
 * A folder of 1,000 Markdown files of 10 kB into an embedded database, until all of it is searchable: read, extracted
 * in a process of its own, cut by structure, embedded with the embedded model, written. Then the same folder again, of
 * which nothing changed. The making of the database is not in it.
 */
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listFolder } from '../src/document/files.ts';
import { createEvervec, type Evervec } from '../src/engine/index.ts';
import { type Bench, spreadOf } from './bench.ts';
import { sampleTexts } from './sample-texts.ts';

const FILES = 1_000;
const FILE_CHARS = 10_000;
const SECTION_CHARS = 1_250;
const RUNS = 3;
const DOCUMENTS_PER_SECOND = 200;
const MIB = 1024 ** 2;

/** Sections of two paragraphs, as notes have them. */
async function makeFolder(folder: string, files: number): Promise<void> {
  const sections = FILE_CHARS / SECTION_CHARS;
  const texts = sampleTexts(files * sections * 2, SECTION_CHARS / 2 - 15);
  const next = () => texts.next().value ?? '';
  for (let file = 0; file < files; file++) {
    const parts = Array.from(
      { length: sections },
      (_, at) => `## Section ${at + 1}\n\n${next()}\n\n${next()}`,
    );
    const name = `${String(file).padStart(5, '0')}.md`;
    await writeFile(path.join(folder, name), `# Notes ${file}\n\n${parts.join('\n\n')}\n`);
  }
}

interface Imported {
  seconds: number;
  /** Largest resident memory while the first, and while the last third of the files came in. */
  early: number;
  late: number;
}

async function importAll(evervec: Evervec, folder: string, files: number): Promise<Imported> {
  const started = performance.now();
  const worker = await evervec.worker(['documents']);
  await worker.start();
  let early = 0;
  let late = 0;
  let done = 0;
  const { items } = await listFolder(folder, { maxBytes: MIB });
  const counts = await evervec.documents.import(items, {
    collection: 'notes',
    by: 'bench',
    onResult: () => {
      done++;
      const resident = process.memoryUsage.rss();
      if (done <= files / 3) early = Math.max(early, resident);
      if (done > (2 * files) / 3) late = Math.max(late, resident);
    },
  });
  await worker.stop();
  await (await evervec.worker(['documents'])).drain();
  late = Math.max(late, process.memoryUsage.rss());
  if (counts.failed > 0 || (await evervec.pending(['documents'])) > 0)
    throw new Error(`not all was taken in: ${JSON.stringify(counts)}`);
  return { seconds: (performance.now() - started) / 1_000, early, late };
}

export const bench: Bench = {
  name: 'import',
  claim: `1,000 Markdown files of 10 kB into an embedded database, imported and searchable, embedded model: documents/s ÷ ${DOCUMENTS_PER_SECOND}`,
  aim: { text: `≥ 1 (${DOCUMENTS_PER_SECOND} a second)`, ratio: 1, bound: 'at least' },

  async run({ runs = RUNS, rows: files = FILES, note }) {
    const root = await mkdtemp(path.join(tmpdir(), 'evervec-bench-import-'));
    try {
      const folder = path.join(root, 'notes');
      await mkdir(folder);
      await makeFolder(folder, files);
      const first: Imported[] = [];
      const again: number[] = [];
      for (let run = 0; run < runs; run++) {
        const evervec = await createEvervec({ sources: {}, database: path.join(root, `${run}`) });
        await evervec.documents.prepare();
        first.push(await importAll(evervec, folder, files));
        again.push((await importAll(evervec, folder, files)).seconds);
        await evervec.close();
        note(`${files / (first.at(-1)?.seconds ?? 1)} documents/s, again in ${again.at(-1)} s`);
      }
      const rates = first.map(({ seconds }) => files / seconds);
      return {
        figures: {
          'documents/s': spreadOf(rates),
          'the same again ÷ the first time': spreadOf(
            again.map((seconds, at) => seconds / (first[at]?.seconds ?? 1)),
          ),
          'memory, last third ÷ first third': spreadOf(
            first.map(({ early, late }) => late / early),
          ),
          'MiB resident at most': spreadOf(first.map(({ late }) => late / MIB)),
        },
        ratio: spreadOf(rates.map((rate) => rate / DOCUMENTS_PER_SECOND)),
        remarks: ['Aims beside: the same again in at most 0.1 of the time; memory flat.'],
      };
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
};
