/** Reads the golden release, applies its delta, checks and makes signatures, and searches, with the built package, in whichever runtime or page runs this. */
import {
  applyDelta,
  decodeIndex,
  generateSigningKey,
  quantiseQuery,
  sha256Hex,
  signDocument,
  verifyChannel,
  verifyManifest,
  verifyNextRoot,
  verifyRoot,
} from './node_modules/evervec/dist/format/index.js';
import {
  buildWordIndex,
  cosinesOf,
  createRowScorer,
  fuseScores,
  topK,
} from './node_modules/evervec/dist/ranking/index.js';

const isPage = typeof globalThis.document !== 'undefined';
async function golden(name) {
  const at = new URL(`golden/${name}`, import.meta.url);
  if (isPage) return new Uint8Array(await (await fetch(at)).arrayBuffer());
  return new Uint8Array(await (await import('node:fs/promises')).readFile(at));
}

async function trusted() {
  const bytes = await golden('root.1.json');
  const { signed } = JSON.parse(new TextDecoder().decode(bytes));
  const anchor = { product: 'harbour-guide', version: 1, root: signed.roles.root };
  const { value: root } = await verifyRoot(bytes, anchor);
  const now = Date.parse('2026-11-21T12:00:00Z');
  const channel = await verifyChannel(await golden('channel.json'), {
    root,
    channel: 'stable',
    now,
  });
  const { document } = channel.value;
  const expectation = { root, channel: document, pointer: document.current, client: '0.1.0' };
  const manifest = await verifyManifest(await golden('release.json'), expectation);
  return { root, manifest: manifest.value.manifest };
}

/** By a new key of each scheme, which this runtime makes. */
async function signs(root) {
  const verdicts = [];
  for (const scheme of ['ed25519', 'ecdsa-p256']) {
    const key = await generateSigningKey(scheme);
    const role = { signers: [[key.publicKey]], threshold: 1 };
    const current = { ...root, roles: { ...root.roles, root: role } };
    const next = { ...current, version: 2 };
    const bytes = await signDocument(next, [key]);
    verdicts.push((await verifyNextRoot(bytes, current)).accepted);
    const other = await generateSigningKey(scheme);
    verdicts.push((await verifyNextRoot(await signDocument(next, [other]), current)).accepted);
  }
  return verdicts;
}

function found(index) {
  const scorer = createRowScorer(index.vectors, index.paddedDimensions);
  const plain = createRowScorer(index.vectors, index.paddedDimensions, 'javascript');
  const { row, scale } = quantiseQuery([2, 7, 1, 8, 3]);
  const cosines = cosinesOf(scorer.dots(row), index.scales, scale);
  const words = buildWordIndex(index.chunkCount, (chunk) => [index.text(chunk)]);
  const fused = fuseScores(words.scores('gull wakes'), cosines, index.about.fusionWeight);
  return {
    kernel: scorer.kind,
    isExact: scorer.dots(row).join() === plain.dots(row).join(),
    cosines: [...cosines],
    best: topK(fused, 1).map((chunk) => index.text(chunk)),
  };
}

const { root, manifest } = await trusted();
const after = await applyDelta(await golden('before.idx'), await golden('before-after.delta'));
export const result = {
  isRight: (await sha256Hex(after)) === manifest.index.sha256,
  signs: await signs(root),
  found: found(decodeIndex(after)),
};
globalThis.process?.stdout.write(JSON.stringify(result));
