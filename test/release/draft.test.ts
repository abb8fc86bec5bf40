/** The folder of a draft: whole or not at all, and believed only where every byte is what was written. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readDraft, removeDraft, writeDraft } from '../../src/release/index.ts';
import { mountSmallDisk } from '../setup/small-disk.ts';
import { built, records } from './any-content.ts';
import { scratchFolder } from './fixture.ts';

async function written(folder: string, count = 50) {
  const { draft, contents } = await built({ records: records(count), knowledge: 'any' });
  await writeDraft(folder, draft, contents);
  return { draft, contents };
}

it('is read as it was written, again and in place of another', async () => {
  const root = await scratchFolder();
  const folder = path.join(root, 'deep', 'any');
  const first = await written(folder);
  expect(await readDraft(folder)).toEqual(first.draft);
  const second = await written(folder, 60);
  expect(await readDraft(folder)).toEqual(second.draft);
  expect(await readdir(path.join(root, 'deep'))).toEqual(['any']);
  for (const file of [...second.draft.files, ...second.draft.mutableFiles])
    expect(await readFile(path.join(folder, file)), `${file}`).toEqual(
      Buffer.from(second.contents.get(file) ?? []),
    );
  await removeDraft(folder);
  await expect(readDraft(folder)).rejects.toMatchObject({ fault: 'draft', isUsage: true });
});

it('any file that is cut, changed or gone is a damaged draft', async () => {
  const folder = path.join(await scratchFolder(), 'any');
  const { draft } = await written(folder);
  const damages: Record<string, (file: string, bytes: Buffer) => Promise<void>> = {
    cut: (file, bytes) => writeFile(file, bytes.subarray(0, -1)),
    flipped: (file, bytes) => {
      const other = Buffer.from(bytes);
      other.writeUInt8((other.at(-9) ?? 0) ^ 1, other.length - 9);
      return writeFile(file, other);
    },
    gone: (file) => rm(file),
  };
  for (const name of [...draft.files, ...draft.mutableFiles, 'draft.json'])
    for (const [how, damage] of Object.entries(damages)) {
      const file = path.join(folder, name);
      const bytes = await readFile(file);
      await damage(file, bytes);
      await expect(readDraft(folder), `${name} ${how}`).rejects.toMatchObject({ fault: 'draft' });
      await writeFile(file, bytes);
    }
  expect(await readDraft(folder)).toEqual(draft);
});

it('a manifest that names what is not among the files, or a path that leads outside, is none', async () => {
  const folder = path.join(await scratchFolder(), 'any');
  const { draft } = await written(folder);
  const file = path.join(folder, 'draft.json');
  const text = await readFile(file, 'utf8');
  const [first = ''] = draft.files;
  for (const other of [
    text.replace(`"files":["${first}",`, '"files":['),
    text.replaceAll(first, '../outside'),
    text.replace('"change":"major"', '"change":"huge"'),
    text.replace('"name"', ' "name"'),
    '[]',
  ]) {
    expect(other).not.toBe(text);
    await writeFile(file, other);
    await expect(readDraft(folder)).rejects.toMatchObject({ fault: 'draft' });
  }
});

it('a build that was killed leaves the older draft, and what it left goes with a later one', async () => {
  const root = await scratchFolder();
  const folder = path.join(root, 'any');
  const { draft } = await written(folder);
  // Killed between the two renames.
  await rename(folder, `${folder}.before`);
  expect(await readDraft(folder)).toEqual(draft);
  // Killed before the older one was thrown away.
  await written(`${folder}.before`, 60);
  expect(await readDraft(folder)).toEqual(draft);
  expect(await readdir(root)).toEqual(['any']);
  // Killed while it wrote.
  const [old, young] = ['old', 'young'].map((name) => `${folder}.${name}.building`);
  for (const left of [old, young]) await mkdir(left ?? '');
  await utimes(old ?? '', 0, 0);
  await written(folder, 60);
  expect(await readdir(root)).toEqual(['any', 'any.young.building']);
});

it('a folder that is no draft is neither replaced nor removed', async () => {
  const folder = path.join(await scratchFolder(), 'home');
  await mkdir(folder);
  await writeFile(path.join(folder, 'letter.txt'), 'dear');
  await expect(written(folder)).rejects.toMatchObject({ fault: 'exists', isUsage: true });
  // Nor taken away, where nothing changed; a file of the same name makes no draft of it.
  await removeDraft(folder);
  await writeFile(path.join(folder, 'draft.json'), '{"chapter": 1}');
  await removeDraft(folder);
  await expect(written(folder)).rejects.toMatchObject({ fault: 'exists' });
  expect(await readdir(folder)).toEqual(['draft.json', 'letter.txt']);
  const file = path.join(folder, 'letter.txt');
  await expect(written(file)).rejects.toMatchObject({ fault: 'exists' });
  await expect(written(path.join(file, 'below'))).rejects.toMatchObject({ fault: 'draft' });
});

it('a full disk leaves the older draft and nothing else', async (context) => {
  const disk = mountSmallDisk();
  if (disk === null) return context.skip('mounting a disk of its own is not allowed here');
  try {
    const folder = path.join(disk.folder, 'any');
    const { draft } = await written(folder);
    disk.fill();
    await expect(written(folder, 2_000)).rejects.toMatchObject({
      fault: 'draft',
      message: expect.stringMatching(/the disk is full/),
    });
    expect(await readDraft(folder)).toEqual(draft);
    expect(await readdir(disk.folder)).toEqual(['any']);
    disk.free();
    await written(folder, 60);
    expect(existsSync(`${folder}.before`)).toBe(false);
  } finally {
    disk.unmount();
  }
});
