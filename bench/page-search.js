/** Runs in the page of the benchmark `page-search`: searches in the worker, Orama in the same page, and what memory both take. */
import { create, insertMultiple, search } from '@orama/orama';
import { createIndexHost } from '../src/client/search/worker-host.ts';
import { memory, watchBlocks } from './page-watch.js';

const FINGERPRINT_PATH = './fingerprint.txt';
const WANTED = 10;

const bytesOf = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
const middle = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];

let host;
let orama;

/** @returns milliseconds until it can be searched by vectors and by words, how long the page's thread was blocked meanwhile, and how much memory it took */
export async function install() {
  const faults = [];
  const worker = () => new Worker('/index-worker.js', { type: 'module' });
  host = createIndexHost({ worker, onFault: (error) => faults.push(error.message) });
  await host.loadModel(await bytesOf('./model.bin'), await (await fetch(FINGERPRINT_PATH)).text());
  const index = await bytesOf('./index.idx');
  const { length } = index;
  const before = await memory();
  const blocked = watchBlocks();
  const began = performance.now();
  const { kernel } = await host.stage(index);
  await host.promote();
  await host.search({ query: 'anything', mode: 'vector' });
  const vectors = performance.now() - began;
  await host.search({ query: 'anything', mode: 'text' });
  const words = performance.now() - began;
  const block = blocked();
  const share = ((await memory()) - before + length) / length;
  return { kernel, faults, vectors, words, block, memory: share };
}

/** p50 of whole searches, from the page to its worker and back with ten hits, embedding the query included. */
export async function searches(queries) {
  const found = {};
  for (const mode of ['vector', 'text', 'hybrid']) {
    const times = [];
    for (const { text } of queries) {
      const began = performance.now();
      const { hits } = await host.search({ query: text, mode, limit: WANTED });
      times.push(performance.now() - began);
      if (hits.length === 0) throw new Error(`${mode} found nothing.`);
    }
    found[mode] = middle(times);
  }
  return found;
}

export async function fillOrama(dimensions) {
  orama = create({ schema: { embedding: `vector[${dimensions}]` } });
  const vectors = new Float32Array((await bytesOf('./vectors.f32')).buffer);
  const documents = Array.from({ length: vectors.length / dimensions }, (_, at) => ({
    embedding: Array.from(vectors.subarray(at * dimensions, (at + 1) * dimensions)),
  }));
  await insertMultiple(orama, documents, 500);
}

/** p50; the vector of the query is given. */
export async function searchesOrama(queries) {
  const times = [];
  for (const { vector } of queries) {
    const began = performance.now();
    const { hits } = await search(orama, {
      mode: 'vector',
      vector: { value: vector, property: 'embedding' },
      similarity: 0,
      limit: WANTED,
    });
    times.push(performance.now() - began);
    if (hits.length !== WANTED) throw new Error(`Orama found ${hits.length}.`);
  }
  return middle(times);
}
