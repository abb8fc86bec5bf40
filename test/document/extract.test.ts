/** Extraction in its process: what comes of real files, and what of those that would take the process down. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  createExtractor,
  type ExtractInput,
  type ExtractLimits,
} from '../../src/document/extract/index.ts';
import { projectWithPackage } from '../setup/built-package.ts';
import { epubFile } from './epub-file.ts';
import { bullet, docxFile, heading, note, paragraph, table } from './docx-file.ts';

const run = promisify(execFile);
const MEBIBYTE = 1024 * 1024;
const isLinux = process.platform === 'linux';

function start(limits: Partial<ExtractLimits> = {}, processes = 1) {
  const extractor = createExtractor(limits, { processes });
  onTestFinished(() => extractor.close());
  const extract = (content: string | Uint8Array, given: Partial<ExtractInput> = {}) => {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    return extractor.extract({ bytes, name: null, mediaType: null, ...given });
  };
  return { extractor, extract };
}

const fault = (kind: string) =>
  expect.objectContaining({
    code: 'EVERVEC_EXTRACTION',
    fault: kind,
    remedy: expect.stringMatching(/\w/),
  });
/** Takes seconds to read. */
const slowPage = () => `<html><body>${'<p>The <b>moon</b> pulls.</p>'.repeat(200_000)}`;

describe('formats', () => {
  it('reads a Word document with all it is made of', async () => {
    const { extract } = start();
    const rows = [
      ['Port', 'Height'],
      ['Brest', '7 | 8'],
    ];
    const body = [
      heading('Tides'),
      paragraph('Twice a day.'),
      bullet('high'),
      bullet('low'),
      table(rows),
      note,
    ];
    expect(await extract(docxFile(body.join('')))).toEqual({
      text: [
        '# Tides',
        'Twice a day.',
        '- high\n- low',
        '| Port | Height |\n| --- | --- |\n| Brest | 7 \\| 8 |',
        'Pulled[1]',
        '1. By the moon.',
      ].join('\n\n'),
      parser: 'docx@1',
      type: 'docx',
      title: 'On Tides',
      author: 'Ada Smith',
      published: '2024-01-15',
      tags: ['sea', 'moon'],
      metadata: {},
      pages: null,
      warnings: [],
    });
  });

  it('says of a Word document that it is pictures, empty, or not whole', async () => {
    const { extract } = start();
    await expect(extract(docxFile('<w:p/>'))).rejects.toEqual(fault('empty'));
    const picture =
      '<w:p><w:r><w:pict><v:imagedata xmlns:v="urn:schemas-microsoft-com:vml"/></w:pict></w:r></w:p>';
    await expect(extract(docxFile(picture))).rejects.toEqual(fault('no-text'));
    await expect(extract(docxFile('<w:p>'))).rejects.toEqual(fault('damaged'));
    const whole = docxFile(paragraph('text'));
    await expect(extract(whole.subarray(0, -30))).rejects.toEqual(fault('damaged'));
  });

  it('reads a book in the order of its chapters', async () => {
    const { extract } = start();
    const chapters = { 'one.xhtml': '<h1>One</h1><p>The moon.</p>', 'two b.xhtml': '<h1>Two</h1>' };
    expect(await extract(epubFile(chapters, ['two b.xhtml', 'gone.xhtml', 'one.xhtml']))).toEqual({
      text: '# Two\n\n# One\n\nThe moon.',
      parser: 'epub@1',
      type: 'epub',
      title: 'On Tides',
      author: 'Ada Smith, Bo',
      published: '2024-01-15',
      tags: ['sea'],
      metadata: {},
      pages: null,
      warnings: ['1 of 3 chapters are not in the file'],
    });
    const lock = '<x><CipherReference URI="book/one.xhtml"/></x>';
    const locked = epubFile(chapters, ['one.xhtml'], { 'META-INF/encryption.xml': strToU8(lock) });
    await expect(extract(locked)).rejects.toEqual(fault('encrypted'));
  });

  it('leaves Markdown as it is, but for its front matter and what no store takes', async () => {
    const { extract } = start();
    const body = '# Tides\r\n\r\n  * one\r\n\r\n```\r\n---\r\n```\r\n';
    const extracted = await extract(`---\ntitle: T\n---\n${body}a\0b\n`, { name: 'a.md' });
    expect(extracted).toMatchObject({ text: `${body}ab\n`, title: 'T', type: 'markdown' });
  });

  it('drops the code of MDX by its name', async () => {
    const { extract } = start();
    const text = "import A from 'a'\n\n# Tides\n\n<A>inside</A>\n";
    expect((await extract(text, { name: 'a.mdx' })).text.trim()).toBe('# Tides\n\ninside');
    expect((await extract(text, { name: 'a.md' })).text).toBe(text);
  });

  it('gives the same for the same bytes, in another process too', async () => {
    const file = docxFile(heading('Tides') + paragraph('Twice a day.'));
    const [one, other] = [start(), start()];
    expect(await one.extract(file)).toEqual(await other.extract(file));
    expect(await one.extract(file)).toEqual(await other.extract(file));
  });
});

describe('limits', () => {
  it('refuses what is empty or too large, with the numbers', async () => {
    const { extract } = start({ maxBytes: 100, maxTextChars: 50 });
    await expect(extract('')).rejects.toEqual(fault('empty'));
    await expect(extract(' \n\t')).rejects.toEqual(fault('empty'));
    await expect(extract('x'.repeat(101))).rejects.toThrow(/101 bytes, 100/);
    await expect(extract('x'.repeat(60))).rejects.toThrow(/60 characters.*, 50/);
    expect((await extract('x'.repeat(50))).text).toHaveLength(50);
  });

  it('unpacks no bomb', async () => {
    const { extract } = start();
    const zeros = zipSync({ 'word/document.xml': new Uint8Array(100 * MEBIBYTE) }, { level: 9 });
    await expect(extract(zeros)).rejects.toEqual(fault('too-large'));
    const many = Array.from({ length: 20_000 }, (_, n) => [`word/${n}.xml`, strToU8('')]);
    const entries = zipSync(Object.fromEntries(many) as Record<string, Uint8Array>, { level: 0 });
    await expect(extract(entries)).rejects.toEqual(fault('too-large'));
    // What is in it besides the text stays packed.
    const inner = zipSync({ 'a.zip': zeros });
    const carrier = docxFile(paragraph('text'), { 'word/embeddings/a.zip': inner });
    expect((await extract(carrier)).text).toBe('text');
  });

  it('ends what takes too long, and reads the next file', async () => {
    const { extract } = start({ maxMs: 300 });
    await expect(extract(slowPage())).rejects.toEqual(fault('timed-out'));
    expect((await extract('next')).text).toBe('next');
  });

  it.skipIf(!isLinux)('ends what takes too much memory, and reads the next file', async () => {
    const { extract } = start({ maxMemoryBytes: 200 * MEBIBYTE, maxMs: 60_000 });
    await expect(extract(slowPage().repeat(2))).rejects.toEqual(fault('out-of-memory'));
    expect((await extract('next')).text).toBe('next');
  });

  it('tells nothing of the text in what it throws', async () => {
    const { extract } = start({ maxNesting: 50 });
    const files = [
      docxFile('<w:p><w:secret-word'),
      Buffer.from(`${'<div>'.repeat(100)}secret-word`),
      Buffer.from(`\x89PNG secret-word`, 'latin1'),
    ];
    for (const file of files) {
      const error = await extract(file).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(Error);
      expect(JSON.stringify([error, String(error)])).not.toContain('secret-word');
    }
  });
});

describe('the process', () => {
  it('takes several files at once, one after another or side by side', async () => {
    for (const processes of [1, 2]) {
      const { extract } = start({}, processes);
      const texts = Array.from({ length: 20 }, (_, n) => `text ${n}`);
      const all = await Promise.all(texts.map((text) => extract(text)));
      expect(all.map(({ text }) => text)).toEqual(texts);
    }
  });

  it.skipIf(!isLinux)('reads small files together, and each alone where that fails', async () => {
    const { extract } = start();
    const told = Promise.allSettled(['first', ' ', 'next'].map((text) => extract(text)));
    await vi.waitFor(() => expect(readers()).toHaveLength(1));
    process.kill(Number(readers()[0]), 'SIGKILL');
    expect(
      (await told).map((one) => (one.status === 'fulfilled' ? one.value.text : one.reason)),
    ).toEqual(['first', fault('empty'), 'next']);
  });

  it('stops reading when it is told to', async () => {
    const { extract, extractor } = start();
    await extract('first');
    const stop = new AbortController();
    const input = { bytes: Buffer.from(slowPage()), name: null, mediaType: null };
    const reading = extractor.extract(input, stop.signal);
    const waiting = extractor.extract(input, stop.signal);
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    await expect(waiting).rejects.toThrow('enough');
    expect((await extract('next')).text).toBe('next');
  });

  it.skipIf(!isLinux)('is ended by close, while it reads too, and is started anew', async () => {
    const { extract, extractor } = start();
    const told = extract(slowPage()).catch((error: unknown) => error);
    await vi.waitFor(() => expect(readers()).toHaveLength(1));
    await extractor.close();
    expect(await told).toEqual(fault('crashed'));
    expect(readers()).toEqual([]);
    expect((await extract('next')).text).toBe('next');
  });

  it.skipIf(!isLinux)('knows nothing of the environment', async () => {
    vi.stubEnv('EVERVEC_SECRET', 'secret-word');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { extract } = start();
    await extract('text');
    const [reader] = readers();
    const environment = readFileSync(`/proc/${reader}/environ`, 'utf8');
    expect(environment).not.toContain('secret-word');
    expect(environment).not.toContain('HOME=');
  });

  it('keeps no program alive, and ends with it', async () => {
    const module = new URL('../../src/document/extract/index.ts', import.meta.url).href;
    const program = `const { createExtractor } = await import('${module}');
      const bytes = Buffer.from('text');
      const { text } = await createExtractor().extract({ bytes, name: null, mediaType: null });
      const { readdirSync, readFileSync } = await import('node:fs');
      const child = process.platform === 'linux'
        ? readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim() : '';
      console.log(JSON.stringify({ text, child }));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 60_000,
    });
    const { text, child } = JSON.parse(stdout) as { text: string; child: string };
    expect(text).toBe('text');
    if (child !== '') await vi.waitFor(() => expect(isThere(Number(child))).toBe(false));
  });

  it('is replaced when it has grown, and is waited for', async () => {
    const module = new URL('../../src/document/extract/index.ts', import.meta.url).href;
    // Any process has more than a third of this at once.
    const source = `const { createExtractor } = await import('${module}');
      const extractor = createExtractor({ maxMemoryBytes: ${150 * MEBIBYTE} });
      const bytes = Buffer.from('text');
      for (let n = 0; n < 3; n++) await extractor.extract({ bytes, name: null, mediaType: null });
      await extractor.close();
      console.log('done');`;
    const args = ['--input-type=module', '-e', source];
    const { stdout } = await run(process.execPath, args, { timeout: 60_000 });
    expect(stdout).toBe('done\n');
  });

  it.skipIf(!isLinux)('ends when its program is killed, while it reads too', async () => {
    const module = new URL('../../src/document/extract/index.ts', import.meta.url).href;
    const source = `const { createExtractor } = await import('${module}');
      const extractor = createExtractor({ maxMs: 600_000, maxMemoryBytes: 2 ** 33 });
      const of = (text) => ({ bytes: Buffer.from(text), name: null, mediaType: null });
      await extractor.extract(of('text'));
      void extractor.extract(of('<html><body>' + '<p>The <b>moon</b> pulls.</p>'.repeat(500_000)));
      process.send('reading');`;
    const program = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(program, 'message');
    const [reader = 0] = childrenOf(program.pid ?? 0);
    await vi.waitFor(() => expect(processorTime(reader)).toBeGreaterThan(1), { timeout: 20_000 });
    program.kill('SIGKILL');
    await vi.waitFor(() => expect(isThere(reader)).toBe(false), { timeout: 5_000 });
  });

  it('reads from the built package', async () => {
    const project = await projectWithPackage();
    onTestFinished(() => project.remove());
    const module = './node_modules/evervec/dist/document/extract/index.js';
    const source = `const { createExtractor } = await import('${module}');
      const bytes = Buffer.from('<html><body><h1>Tides</h1>');
      const { text } = await createExtractor().extract({ bytes, name: null, mediaType: null });
      console.log(text);`;
    const args = ['--input-type=module', '-e', source];
    const { stdout } = await run(process.execPath, args, { cwd: project.path, timeout: 60_000 });
    expect(stdout).toBe('# Tides\n');
  });
});

/** Processes of ours that read files. */
function readers(): number[] {
  return childrenOf(process.pid);
}

function childrenOf(parent: number): number[] {
  const entry = fileURLToPath(new URL('../../src/document/extract/child.ts', import.meta.url));
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return numbers.map(Number).filter((pid) => parentOf(pid) === parent && runs(pid, entry));
}

/** Seconds of the processor that it has taken since its start. */
function processorTime(pid: number): number {
  const [user = '0', system = '0'] = readOrNothing(`/proc/${pid}/stat`).split(' ').slice(13);
  return (Number(user) + Number(system)) / 100;
}

function parentOf(pid: number): number {
  const status = readOrNothing(`/proc/${pid}/status`);
  const state = /^State:\s+(\w)/m.exec(status)?.[1];
  return state === 'Z' ? 0 : Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
}

function runs(pid: number, entry: string): boolean {
  return readOrNothing(`/proc/${pid}/cmdline`).split('\0').includes(entry);
}

function isThere(pid: number): boolean {
  const state = /^State:\s+(\w)/m.exec(readOrNothing(`/proc/${pid}/status`))?.[1];
  return state !== undefined && state !== 'Z';
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
