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
  'txt/R2R__aristotle.txt': ['Aristotle'],
  'txt/tika__russian.cp866.txt': ['Однажды, в студеную зимнюю пору,\nЯ из лесу вышел'],
};
const FAULTS: Readonly<Record<string, ExtractionFault>> = {
  'docx/tika__testWORD_protected_passtika.docx': 'encrypted',
  'docx/tika__testWORD_truncated.docx': 'damaged',
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
