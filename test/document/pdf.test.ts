/**
 * PDF files as they are found: papers, forms, scans, locked and broken ones. They are not part of the project: they lie beside it, in
 * ../shared/data or where EVERVEC_TEST_DATA says, or the tests are skipped.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ExtractionError, type ExtractionFault } from '../../src/errors/index.ts';
import { DEFAULT_EXTRACT_LIMITS } from '../../src/document/extract/extracted.ts';
import { extractPdf } from '../../src/document/extract/pdf.ts';

const DATA =
  process.env['EVERVEC_TEST_DATA'] ??
  fileURLToPath(new URL('../../../shared/data', import.meta.url));
const FOLDER = path.join(DATA, 'docs');
const isThere = existsSync(path.join(FOLDER, 'pdf'));
const suffix = isThere ? '' : ' (skipped: no ../shared/data)';

interface Expected {
  /** In this order in the text. */
  phrases: string[];
  /** Lines of it. */
  headings?: string[];
  title?: string;
  pages: number;
  absent?: RegExp;
}

const TEXTS: Record<string, Expected> = {
  'R2R__graphrag.pdf': {
    phrases: ['- Construct a graph on your dataset', '- Better than GPT-4o'],
    headings: ['# Graph RAG', '## GraphRAG'],
    pages: 6,
  },
  'cocoindex__1706.03762v7.pdf': {
    phrases: [
      'dispensing with recurrence and convolutions entirely',
      'a new single-model state-of-the-art BLEU score',
      'we varied our base model in different ways',
      'In this work, we presented the Transformer',
    ],
    headings: ['## 1 Introduction', '### 3.2 Attention', '## 7 Conclusion'],
    title: 'Attention Is All You Need',
    pages: 15,
    // Its number alone on a line.
    absent: /^1[0-5]$/m,
  },
  'cocoindex__1810.04805v2.pdf': {
    phrases: [
      'is designed to pre-train deep bidirectional representations from unlabeled text',
      // From the left column to the right, and from the first page to the second.
      'Language model pre-training has been shown to be effective',
      'We argue that current techniques restrict',
      'predict the original vocabulary id of the masked word based only on its context',
      'There is a long history of pre-training',
      'Effect of Model Size',
    ],
    headings: ['## 1 Introduction', '### 3.1 Pre-training BERT', '## 6 Conclusion'],
    title: 'BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding',
    pages: 16,
  },
  'tika__testExtraSpaces.pdf': { phrases: ['Here is some formatted text'], pages: 1 },
  'tika__testJournalParser.pdf': {
    phrases: [
      'In this paper we present control strategies',
      'Microscale robotic systems have many applications',
      'The paper is structured as follows',
    ],
    headings: ['## I. INTRODUCTION', '### A. String-Cluster System', '## V. CONCLUSION'],
    pages: 10,
  },
  'tika__testOverlappingText.pdf': {
    phrases: ['Text the first time', 'Text the second time'],
    pages: 1,
  },
  'tika__testPDFVarious.pdf': {
    phrases: [
      'Bullet 1\nBullet 2',
      '2) Number bullet 2',
      'Row 1 Col 1 Row 1 Col 2 Row 1 Col 3\nRow 2 Col 1',
      'ゾルゲと尾崎、淡々と最期',
      '1 This is a footnote.',
    ],
    pages: 2,
    absent: /This is the (header|footer) text/,
  },
  'tika__testPDF_XFA_govdocs1_258578.pdf': {
    phrases: [
      'Mount Rushmore National Memorial',
      'School Name: my_school',
      'Teacher’s Name Room # # of Students',
      '3rd choice my_date3',
    ],
    pages: 1,
  },
  'tika__testPDF_angles.pdf': {
    phrases: [
      'If you’re a mining or minerals engineer, you’ll work with geologists',
      'the seas remain an unforgiving environment. As a naval architect, you’ll produce',
      'specialize in designing, building, and maintaining machines',
      'safely harness that power — perhaps using it',
    ],
    pages: 1,
  },
  'tika__testPDF_incrementalUpdates.pdf': { phrases: ['Testing Incremental'], pages: 1 },
  'tika__testPDF_no_extract_no_accessibility_owner_empty.pdf': {
    phrases: ['Hello World'],
    pages: 1,
  },
  'tika__testPDF_protected.pdf': {
    phrases: [
      'On 16 November 2002, the first official case',
      '- Which was at the same time both robust and fragile',
      'that sharp discontinuities in the financial system were an accident waiting to happen',
    ],
    pages: 41,
  },
};

const FAULTS: Record<string, ExtractionFault> = {
  'tika__testOCR.pdf': 'no-text',
  'tika__testPDF_jpeg2000.pdf': 'no-text',
  // Opens after all: its page is empty, its form broken.
  'tika__testPDF_malformedXFA.pdf': 'no-text',
  'tika__testUnicodePassword.pdf': 'encrypted',
};

const LONGEST_MS = 20_000;
const MOST_BYTES = 1024 * 1024 * 1024;

async function extract(name: string) {
  const bytes = await readFile(path.join(FOLDER, 'pdf', name));
  const start = performance.now();
  try {
    return await extractPdf(new Uint8Array(bytes), DEFAULT_EXTRACT_LIMITS);
  } finally {
    expect(performance.now() - start).toBeLessThan(LONGEST_MS);
    expect(process.memoryUsage.rss()).toBeLessThan(MOST_BYTES);
  }
}

describe.skipIf(!isThere)(`files as they are found${suffix}`, () => {
  it.each(Object.entries(TEXTS))('reads %s', async (name, expected) => {
    const { text, title, pages } = await extract(name);
    let from = 0;
    for (const phrase of expected.phrases) {
      const at = text.indexOf(phrase, from);
      expect(at, `"${phrase}", after ${from}`).toBeGreaterThanOrEqual(0);
      from = at;
    }
    const lines = text.split('\n');
    for (const heading of expected.headings ?? []) expect(lines).toContain(heading);
    if (expected.title !== undefined) expect(title).toBe(expected.title);
    if (expected.absent !== undefined) expect(text).not.toMatch(expected.absent);
    expect(pages).toHaveLength(expected.pages);
    expect(pages?.[0]).toBe(0);
    expect(pages).toEqual(pages?.toSorted((a, b) => a - b));
    expect(pages?.at(-1)).toBeLessThanOrEqual(text.length);
  });

  it.each(Object.entries(FAULTS))('says why %s has no text', async (name, fault) => {
    const error: unknown = await extract(name).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ExtractionError);
    expect((error as ExtractionError).fault).toBe(fault);
  });

  it('gives the words of a paper that was put into Markdown by others', async () => {
    const twin = await readFile(path.join(FOLDER, 'md', 'cocoindex__1810.04805v2.md'), 'utf8');
    const { text } = await extract('cocoindex__1810.04805v2.pdf');
    expect(overlap(withoutTargets(twin), text)).toBeGreaterThanOrEqual(0.97);
  });
});

/** The part of the words of the first, each as often as it occurs, that the second has too. */
function overlap(first: string, second: string): number {
  const words = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const left = new Map<string, number>();
  for (const word of words(second)) left.set(word, (left.get(word) ?? 0) + 1);
  const wanted = words(first);
  let found = 0;
  for (const word of wanted) {
    const count = left.get(word) ?? 0;
    if (count > 0) found += 1;
    left.set(word, count - 1);
  }
  return found / wanted.length;
}

/** Where links lead is not in the print. */
function withoutTargets(markdown: string): string {
  return markdown
    .replaceAll(/!\[[^\]]*\]\([^)]*\)/g, ' ')
    .replaceAll(/\]\([^)]*\)/g, ']')
    .replaceAll(/<[^>]+>/g, ' ');
}
