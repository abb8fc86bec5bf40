/**
 * Real files of many origins, each with what must be in its text or with the reason why it has none. They lie beside the
 * project, in ../shared/data or where EVERVEC_TEST_DATA says, or the test is skipped.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { ExtractionFault } from '../../src/errors/index.ts';
import { createExtractor } from '../../src/document/extract/index.ts';

const DATA =
  process.env['EVERVEC_TEST_DATA'] ??
  fileURLToPath(new URL('../../../shared/data', import.meta.url));
const FOLDER = path.join(DATA, 'docs');
const isThere = existsSync(FOLDER);

const TYPES: Readonly<Record<string, string>> = {
  md: 'markdown',
  txt: 'text',
  html: 'html',
  docx: 'docx',
  epub: 'epub',
  pdf: 'pdf',
};
/** Phrases in the order in which they stand in the text. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  'docx/tika__testOCR.docx': ['This is some text.', 'embedded image'],
  'docx/tika__testWORD_endnote_table.docx': ['Lorem ipsum', 'The Cat Property Act 2025'],
  'docx/tika__testWORD_numbered_list.docx': ['1. This\n   1. Is\n      1. A multi', '1. yet'],
  'docx/tika__testWORD_various.docx': [
    'Footnote appears here[1]',
    '- Bullet 1\n- Bullet 2',
    '| Row 2 Col 1 | Row 2 Col 2 | Row 2 Col 3 |',
    'ゾルゲと尾崎',
    'This is a footnote.',
  ],
  'docx/tika__test_recursive_embedded.docx': ['embed_0'],
  'epub/R2R__epub.epub': ['Copyright © 2008', 'Chapter 1: THE NETHERLANDS', 'My bags were packed'],
  'epub/tika__testEPUB.epub': ['# Chapter 1', '- First item', '# Chapter 2', '## Subchapter 2.2'],
  'html/R2R__pg_essay_1.html': [
    'June 2021\n\nA few days ago',
    'something special about working',
    'Thanks to Trevor Blackwell',
  ],
  'html/tika__big-preamble.html': ['Агентство недвижимости', '- Аренда и продажа жилой', '## '],
  'html/tika__resume.html': ['Здравствуйте', 'Это один из признаков мошенничества!'],
  'html/tika__testBrokenHTMLContainingRFC822.html': ['# A heading', 'Some text', '> Some stuff'],
  'html/tika__testHTMLNoisyMetaEncoding_1.html': ['وأعرب الاتحاد الجزائري'],
  'md/R2R__md.md': ['# Markdown: Syntax\n\n*   [Overview](#overview)'],
  'md/cocoindex__1810.04805v2.md': ['BERT: Pre-training of Deep', 'Masked LM'],
  'md/effect__v3-to-v4.md': ['# v3 to v4 Migration Reference'],
  'md/ragflow__README_ja.md': ['RAGFlow'],
  'md/ragflow__README_zh.md': ['RAGFlow'],
  'md/tika__testMARKDOWN.md': ['# Title', '| L | C | R |', 'Café naïve résumé'],
  'pdf/R2R__graphrag.pdf': ['# Graph RAG', '## Many RAG algorithms', '## Global search'],
  'pdf/cocoindex__1706.03762v7.pdf': [
    'Attention Is All You Need',
    'The dominant sequence transduction models',
    '1 Introduction',
    '3.1 Encoder and Decoder Stacks',
    '7 Conclusion',
    'References',
  ],
  // Two columns.
  'pdf/cocoindex__1810.04805v2.pdf': [
    'We introduce a new language representation model called BERT',
    '## 1 Introduction',
    '### 2.1 Unsupervised Feature-based Approaches',
    '### 3.1 Pre-training BERT',
    '### 4.4 SWAG',
    '## 6 Conclusion',
    '## References',
  ],
  'pdf/tika__testExtraSpaces.pdf': ['Here is some formatted text'],
  'pdf/tika__testJournalParser.pdf': ['Scalability of Controlling', 'Vahid Foroutan'],
  'pdf/tika__testOverlappingText.pdf': ['Text the first time', 'Text the second time'],
  'pdf/tika__testPDFVarious.pdf': ['Footnote appears here', 'Bullet 1', 'Row 1 Col 1'],
  'pdf/tika__testPDF_XFA_govdocs1_258578.pdf': ['National Park Service', 'Submit application'],
  'pdf/tika__testPDF_angles.pdf': ['# NAVAL ARCHITECTURAL', 'In the 21st century, the seas'],
  'pdf/tika__testPDF_incrementalUpdates.pdf': ['Testing Incremental'],
  'pdf/tika__testPDF_no_extract_no_accessibility_owner_empty.pdf': ['Hello World'],
  'pdf/tika__testPDF_protected.pdf': ['RETHINKING THE FINANCIAL NETWORK', 'Andrew G Haldane'],
  'txt/R2R__aristotle.txt': ['Aristotle'],
  'txt/tika__russian.cp866.txt': ['Однажды, в студеную зимнюю пору,\nЯ из лесу вышел'],
};
const FAULTS: Readonly<Record<string, ExtractionFault>> = {
  'docx/tika__testWORD_protected_passtika.docx': 'encrypted',
  'docx/tika__testWORD_truncated.docx': 'damaged',
  'pdf/tika__testOCR.pdf': 'no-text',
  'pdf/tika__testPDF_jpeg2000.pdf': 'no-text',
  'pdf/tika__testPDF_malformedXFA.pdf': 'no-text',
  'pdf/tika__testUnicodePassword.pdf': 'encrypted',
  'pptx/tika__testPPT_various.pptx': 'unsupported',
  'rtf/tika__testRTFVarious.rtf': 'unsupported',
};

describe.skipIf(!isThere)(`public files${isThere ? '' : ' (skipped: no ../shared/data)'}`, () => {
  const extractor = createExtractor({ maxMs: 20_000, maxMemoryBytes: 1024 ** 3 });
  afterAll(() => extractor.close());
  const extract = (name: string) =>
    extractor.extract({ bytes: readFileSync(path.join(FOLDER, name)), name, mediaType: null });

  for (const [name, phrases] of Object.entries(TEXTS))
    it(`reads ${name}`, async () => {
      const { text, type } = await extract(name);
      expect(type).toBe(TYPES[path.dirname(name)]);
      let at = 0;
      for (const phrase of phrases) {
        expect(text.slice(at)).toContain(phrase);
        at = text.indexOf(phrase, at) + phrase.length;
      }
    });

  for (const [name, fault] of Object.entries(FAULTS))
    it(`says of ${name} that it is ${fault}`, async () => {
      await expect(extract(name)).rejects.toMatchObject({ fault });
    });
});
