/**
 * Finds the file of the word vectors beside this module and reads it, once for a process, when it is first needed: from the disk
 * in Node, Deno and Bun, by `fetch` in a page. Loads no module of Node before that.
 */
import { ModelFileError } from '../../errors/index.ts';
import { decodeModel, type WordVectors } from './decode-model.ts';
import { NEAR_WORDS_FINGERPRINT } from './near-words-fingerprint.ts';

let loaded: Promise<WordVectors> | undefined;

/** @throws ModelFileError when the file is missing, damaged, or not the one that belongs to this code; the next call tries again */
export function loadWordVectors(): Promise<WordVectors> {
  loaded ??= load().catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

/** The file as it is. @throws ModelFileError when it is missing */
export function readWordVectorsFile(): Promise<Uint8Array> {
  return readBytes(new URL('near-words.bin', import.meta.url));
}

async function load(): Promise<WordVectors> {
  const model = decodeModel(await readWordVectorsFile());
  if (model.fingerprint !== NEAR_WORDS_FINGERPRINT)
    throw new ModelFileError("The embedded model's file is of another version than the code.", {
      remedy: 'Install the package again.',
    });
  return model;
}

async function readBytes(file: URL): Promise<Uint8Array> {
  try {
    if (file.protocol === 'file:') {
      const { readFile } = await import('node:fs/promises');
      return await readFile(file);
    }
    const response = await fetch(file);
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new ModelFileError(`The embedded model's file ${file.href} can't be read.`, {
      remedy:
        'Keep near-words.bin beside the module that loads it: a bundler has to be told to copy it.',
      cause,
    });
  }
}
