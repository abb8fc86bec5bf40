/**
 * The floor under the embedded model's quality, on public collections that are not part of the project: they lie beside it, in
 * ../shared/data or where EVERVEC_TEST_DATA says, or the test is skipped. The model was not trained on them.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { measure, measureProbe, readCollection } from '../../bench/quality-embedded-model.ts';
import { createEmbeddedModel } from '../../src/embed/index.ts';

const DATA =
  process.env['EVERVEC_TEST_DATA'] ??
  fileURLToPath(new URL('../../../shared/data', import.meta.url));
const FLOORS = { cranfield: 0.35, scifact: 0.49 };
const PROBE_FLOOR = 0.9;

for (const [name, floor] of Object.entries(FLOORS)) {
  const folder = path.join(DATA, 'ir', name);
  const isThere = existsSync(folder);
  test.skipIf(!isThere)(
    `ranks ${name} above its floor, and helps words${isThere ? '' : ' (skipped: no ../shared/data)'}`,
    { timeout: 300_000 },
    async () => {
      const collection = await readCollection(folder);
      const { vector, bm25, fused } = await measure(collection, createEmbeddedModel());
      expect(vector).toBeGreaterThanOrEqual(floor);
      expect(fused).toBeGreaterThanOrEqual(Math.max(bm25, vector));
    },
  );
}

const probe = path.join(DATA, 'probe');
const isThere = existsSync(probe);
test.skipIf(!isThere)(
  `finds pairs that share no word${isThere ? '' : ' (skipped: no ../shared/data)'}`,
  async () => {
    const recall = await measureProbe(probe, createEmbeddedModel());
    expect(recall[5]).toBeGreaterThanOrEqual(PROBE_FLOOR);
    expect((await measureProbe(probe, createEmbeddedModel('hashed-words')))[5]).toBeLessThan(0.1);
  },
);
