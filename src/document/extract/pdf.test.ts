import { describe, expect, it } from 'vitest';
import { type PdfPageContent, pdfFile, type PdfText } from '../../../test/setup/pdf-file.ts';
import { ExtractionError, type ExtractionFault } from '../../errors/index.ts';
import { DEFAULT_EXTRACT_LIMITS, type ExtractLimits } from './extracted.ts';
import { extractPdf } from './pdf.ts';

const extract = (bytes: Uint8Array, limits: Partial<ExtractLimits> = {}) =>
  extractPdf(bytes, { ...DEFAULT_EXTRACT_LIMITS, ...limits });

/** Lines from `y` down, 12 points apart. */
function lines(
  x: number,
  y: number,
  texts: readonly string[],
  of: Partial<PdfText> = {},
): PdfText[] {
  return texts.map((text, at) => ({ x, y: y - at * 12, text, ...of }));
}

const LEFT = [
  'The archive keeps what the harbour wrote down',
  'over many years: the names of ships and their',
  'masters, the freight and where it came from,',
  'who paid for it, and how long they had to wait',
  'for the pilot, whose work was not always lik-',
];
const RIGHT = [
  'ed by those who were in a hurry to get away.',
  'Storms are there too, with the hour at which',
  'the lamp was lit and the hour when somebody',
  'thought of putting it out again, which on two',
  'occasions was a matter of several whole weeks.',
];
const PARAGRAPH = [...LEFT, ...RIGHT];

async function faultOf(promise: Promise<unknown>): Promise<ExtractionFault> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ExtractionError);
  return (error as ExtractionError).fault;
}

describe('reading order', () => {
  it('reads the left column before the right, a word over the gutter, and what spans both in its place', async () => {
    const page: PdfPageContent = [
      // The right column first: the order in the file is not that on the page.
      ...lines(320, 700, RIGHT),
      ...lines(50, 700, LEFT),
      {
        x: 50,
        y: 600,
        text: 'This sentence goes from the left margin of the page all the way to the right one, over both columns.',
      },
      { x: 150, y: 750, text: 'A Harbour and its Papers', size: 20 },
    ];
    const { text } = await extract(pdfFile([page]));
    expect(text).toBe(
      [
        '# A Harbour and its Papers',
        PARAGRAPH.join(' ').replace('lik- ed', 'liked'),
        'This sentence goes from the left margin of the page all the way to the right one, over both columns.',
      ].join('\n\n'),
    );
  });

  it('keeps the rows of a table in one piece', async () => {
    const rows = ['Wheat 4 12', 'Barley 7 3', 'Rye 21 9', 'Oats 5 5', 'Hay 1 2'];
    const cells = rows.flatMap((row, at) =>
      row.split(' ').map((text, column) => ({ x: 60 + column * 180, y: 700 - at * 12, text })),
    );
    expect((await extract(pdfFile([cells]))).text).toBe(rows.join('\n'));
  });

  it('puts notes below the text of their page, and goes on with the sentence on the next', async () => {
    const { text, pages } = await extract(
      pdfFile([
        [...lines(50, 700, LEFT), { x: 50, y: 100, text: '1 See the ledger of 1871.', size: 8 }],
        lines(50, 700, RIGHT),
      ]),
    );
    expect(text).toBe(
      `${PARAGRAPH.join(' ').replace('lik- ed', 'liked')}\n\n1 See the ledger of 1871.`,
    );
    expect(pages).toEqual([0, text.indexOf('ed by those')]);
  });

  it('goes on with the sentence below the figure at the head of the next page', async () => {
    const caption = 'Figure 1: Where the lamps stood, and how far they were seen.';
    const { text } = await extract(
      pdfFile([
        lines(50, 700, LEFT),
        [
          { x: 50, y: 700, text: 'lamp lamp', size: 7 },
          { x: 50, y: 670, text: caption },
          ...lines(50, 640, RIGHT),
        ],
      ]),
    );
    const sentence = PARAGRAPH.join(' ').replace('lik- ed', 'liked');
    expect(text).toBe(`${sentence}\n\nlamp lamp\n\n${caption}`);
  });

  it('reads what stands aslant as lines of its own, and what stands across the page last', async () => {
    const { text } = await extract(
      pdfFile([
        [
          { x: 20, y: 200, text: 'stamped 12 May', size: 20, angle: 90 },
          { x: 100, y: 300, text: 'Uphill it goes', angle: 20 },
          { x: 104.1, y: 288.7, text: 'and further up.', angle: 20 },
          ...lines(50, 700, LEFT.slice(0, 3)),
        ],
      ]),
    );
    expect(text).toBe(
      `${LEFT.slice(0, 3).join(' ')}\n\nUphill it goes and further up.\n\nstamped 12 May`,
    );
  });
});

describe('what is left out', () => {
  const page = (number: number, body: readonly string[]): PdfPageContent => [
    { x: 50, y: 770, text: number % 2 === 0 ? 'The Harbour' : 'Chapter of Storms' },
    { x: 300, y: 20, text: `Page ${number} of 6` },
    ...lines(50, 700, body),
  ];

  it('drops running headers, those of left and of right pages, and the numbers of pages', async () => {
    const bodies = [1, 2, 3, 4, 5, 6].map((at) => [`Body of sheet ${at} is here.`]);
    const { text, pages } = await extract(pdfFile(bodies.map((body, at) => page(at + 1, body))));
    expect(text).toBe(bodies.flat().join('\n\n'));
    expect(pages?.map((start) => text.slice(start, start + 15))).toEqual(
      bodies.flat().map((body) => body.slice(0, 15)),
    );
  });

  it('keeps what stands at the edge of one page only, and numbers that are at different heights', async () => {
    const { text } = await extract(
      pdfFile([
        [
          { x: 50, y: 770, text: 'A line at the top' },
          { x: 50, y: 60, text: '1871' },
        ],
        [
          { x: 50, y: 700, text: 'More.' },
          { x: 50, y: 20, text: '1872' },
        ],
      ]),
    );
    for (const kept of ['A line at the top', '1871', '1872']) expect(text).toContain(kept);
  });

  it('keeps the text of a document that is the same on all pages', async () => {
    const form = [{ x: 50, y: 770, text: 'Form 12' }];
    expect((await extract(pdfFile([form, form, form]))).text).toContain('Form 12');
  });

  it('takes what is drawn twice once, and two texts at one place both', async () => {
    const { text } = await extract(
      pdfFile([
        [
          { x: 50, y: 700, text: 'Bold by doubling' },
          { x: 50.3, y: 700, text: 'Bold by doubling' },
          { x: 50, y: 600, text: 'Text the first time', size: 10 },
          { x: 50, y: 600, text: 'Text the second time', size: 10 },
        ],
      ]),
    );
    expect(text.match(/Bold by doubling/g)).toHaveLength(1);
    expect(text).toContain('Text the first time');
    expect(text).toContain('Text the second time');
  });

  it('tells of a page without text, which starts where the next one does', async () => {
    const { pages, text, warnings } = await extract(
      pdfFile([lines(50, 700, ['One.']), ['0 0 100 100 re f'], lines(50, 700, ['Three.']), []]),
    );
    expect(text).toBe('One.\n\nThree.');
    expect(pages).toEqual([0, 6, 6, 12]);
    expect(warnings).toEqual(['page 2 has no text', 'page 4 has no text']);
  });
});

describe('words and blocks', () => {
  it('joins words that are cut, and keeps the hyphen where the document writes it', async () => {
    const { text } = await extract(
      pdfFile([
        lines(50, 700, [
          'A representa-',
          'tion that needs fine-',
          'tuning, and fine-tuning that needs time, up-',
          'to-date as in 2018-',
          '2019.',
        ]),
      ]),
    );
    expect(text).toBe(
      'A representation that needs fine-tuning, and fine-tuning that needs time, upto-date as in 2018-2019.',
    );
  });

  it('makes headings of what is larger, by rank, and of numbers in another face', async () => {
    const { text, title } = await extract(
      pdfFile([
        [
          { x: 50, y: 740, text: 'On Harbours', size: 22 },
          { x: 50, y: 710, text: '1 Lamps', size: 14 },
          ...lines(50, 690, PARAGRAPH),
          { x: 50, y: 550, text: '1.1 Oil', isBold: true },
          ...lines(50, 530, PARAGRAPH),
          { x: 50, y: 390, text: '2 Pilots', size: 14 },
          ...lines(50, 370, ['1 Pilot was sent.']),
        ],
      ]),
    );
    const headings = text.split('\n').filter((line) => line.startsWith('#'));
    expect(headings).toEqual(['# On Harbours', '## 1 Lamps', '### 1.1 Oil', '## 2 Pilots']);
    expect(title).toBe('On Harbours');
  });

  it('takes headings from the outline, whatever their size', async () => {
    const { text } = await extract(
      pdfFile(
        [
          [
            { x: 50, y: 740, text: 'Of oil', isBold: true },
            ...lines(50, 720, LEFT),
            { x: 50, y: 640, text: 'Not in it', isBold: true },
          ],
        ],
        { outline: ['Of oil'] },
      ),
    );
    expect(text.split('\n').filter((line) => line.startsWith('#'))).toEqual(['# Of oil']);
  });

  it('parts paragraphs by height and by indentation', async () => {
    const { text } = await extract(
      pdfFile([
        [
          ...lines(50, 700, LEFT.slice(0, 3)),
          { x: 50, y: 652, text: 'After a gap.' },
          ...lines(70, 500, ['Storms are there too, with the hour at']),
          ...lines(50, 488, ['which the lamp was lit, and what the keeper', 'had to eat.']),
          ...lines(70, 464, ['The hour when somebody thought of']),
          ...lines(50, 452, ['putting it out is there as well, and so is he']),
        ],
      ]),
    );
    expect(text.split('\n\n')).toEqual([
      LEFT.slice(0, 3).join(' '),
      'After a gap.',
      'Storms are there too, with the hour at which the lamp was lit, and what the keeper had to eat.',
      'The hour when somebody thought of putting it out is there as well, and so is he',
    ]);
  });

  it('writes lists as lists', async () => {
    const bullet = '\u0095';
    const { text } = await extract(
      pdfFile([
        [
          ...lines(50, 700, [`${bullet} wheat, which came in the autumn and had`]),
          ...lines(58, 688, ['to be dried']),
          ...lines(50, 676, [`${bullet} rye`]),
          ...lines(50, 600, ['1. first', '2. second']),
        ],
      ]),
    );
    expect(text).toBe(
      '- wheat, which came in the autumn and had to be dried\n- rye\n\n1. first\n\n2. second',
    );
  });

  it('reads letters that are set apart as the words they are', async () => {
    // As wide as one another, in Helvetica: 6.7 points of size 12.
    const word = [...'open hand and no hand open'].map(
      (letter, at) => `1 0 0 1 ${50 + at * 8.5} 700 Tm (${letter}) Tj`,
    );
    const { text } = await extract(pdfFile([[`BT /F1 12 Tf ${word.join(' ')} ET`]]));
    expect(text).toBe('open hand and no hand open');
  });

  it('puts what was filled into a form beside its label, and no password', async () => {
    const page = [
      { x: 50, y: 700, text: 'Name of the ship:' },
      { x: 50, y: 660, text: 'Secret:' },
    ];
    const fields = [
      { x: 130, y: 696, value: 'Hesperus (a schooner)' },
      { x: 140, y: 656, value: 'hunter2', isPassword: true },
    ];
    const { text } = await extract(pdfFile([page], { fields }));
    expect(text).toBe('Name of the ship: Hesperus (a schooner)\n\nSecret:');
  });

  it('lets no text be taken for Markdown', async () => {
    const { text } = await extract(pdfFile([lines(50, 700, ['# of pages is what this is about'])]));
    expect(text).toBe(String.raw`\# of pages is what this is about`);
  });
});

describe('what a file says of itself', () => {
  const page = lines(50, 700, ['Text.']);

  it('takes title, author, date, keywords and subject', async () => {
    const info = {
      Title: 'On Harbours',
      Author: 'A. Writer',
      CreationDate: "D:20190528000751+02'00'",
      Keywords: 'ships; lamps, ships',
      Subject: 'Papers',
    };
    expect(await extract(pdfFile([page], { info }))).toMatchObject({
      title: 'On Harbours',
      author: 'A. Writer',
      published: '2019-05-28',
      tags: ['ships', 'lamps'],
      metadata: { subject: 'Papers' },
      type: 'pdf',
      parser: 'pdf@1',
    });
  });

  it.each([
    ['Microsoft Word - letter', 'user'],
    ['letter_final.docx', 'Administrator'],
    ['untitled', ''],
    ['Paper Title (use style: paper title)', 'Who made the template'],
    ['12', ' '],
  ])('takes %s for no title, and %s for nobody', async (Title, Author) => {
    const info = { Title, Author, CreationDate: 'D:20190231' };
    const extracted = await extract(pdfFile([page], { info }));
    expect(extracted).toMatchObject({ title: null, author: null, published: null });
  });
});

describe('files without text', () => {
  const page = lines(50, 700, LEFT);

  it.each<[string, Uint8Array, ExtractionFault]>([
    ['no bytes', new Uint8Array(), 'empty'],
    ['a page without text', pdfFile([['0 0 100 100 re f']]), 'no-text'],
    ['no PDF', new TextEncoder().encode('<html>not a PDF</html>'), 'damaged'],
    ['the head of a PDF alone', pdfFile([page]).slice(0, 60), 'damaged'],
    [
      'a password',
      pdfFile([page], { encryption: { userPassword: 'secret', permissions: -4 } }),
      'encrypted',
    ],
  ])('says why: %s', async (_, bytes, fault) => {
    expect(await faultOf(extract(bytes))).toBe(fault);
  });

  it('refuses what is over a limit, and takes what reaches it', async () => {
    const bytes = pdfFile([page, page]);
    const { text } = await extract(bytes, { maxPages: 2, maxBytes: bytes.length });
    expect(await faultOf(extract(bytes, { maxPages: 1 }))).toBe('too-large');
    expect(await faultOf(extract(bytes, { maxBytes: bytes.length - 1 }))).toBe('too-large');
    expect(await faultOf(extract(bytes, { maxTextChars: text.length - 1 }))).toBe('too-large');
  });

  it('gives the text of a file that forbids copying, and tells of it', async () => {
    const encryption = { userPassword: '', permissions: -64 };
    const extracted = await extract(pdfFile([page], { encryption }));
    expect(extracted.text).toContain('The archive keeps');
    expect(extracted.warnings).toEqual(['the file asks that its text not be copied']);
    const allowed = await extract(
      pdfFile([page], { encryption: { userPassword: '', permissions: -4 } }),
    );
    expect(allowed.warnings).toEqual([]);
  });

  it('reads the bytes of a Buffer too', async () => {
    expect((await extract(Buffer.from(pdfFile([page])))).text).toContain('The archive keeps');
  });

  it('stops between pages when it is told to, and leaves the bytes alone', async () => {
    const bytes = pdfFile([page]);
    const before = bytes.slice();
    const stopped = extractPdf(
      bytes,
      DEFAULT_EXTRACT_LIMITS,
      AbortSignal.abort(new Error('enough')),
    );
    await expect(stopped).rejects.toThrow('enough');
    expect(bytes).toEqual(before);
  });
});
