import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embedTexts } from '../embed-texts.ts';
import { HASHES, hashOfVectors } from '../../../test/runtimes/golden.mjs';
import { embedText } from './embed-text.ts';
import { createEmbeddedModel, EMBEDDED_NAMES } from './embedded-model.ts';
import { embedHashed } from './hashed-words.ts';
import { loadWordVectors } from './load-model.ts';
import { EMBEDDED_DIMENSIONS } from './text-sum.ts';

const words = await loadWordVectors();
const MODELS = {
  'near-words': (text: string) => embedText(words, text),
  'hashed-words': embedHashed,
};

const GOLDEN: readonly (readonly [name: string, text: string])[] = [
  ['empty', ''],
  ['punctuation only', ' …!?—«»\n\t()[]{}'],
  ['English', 'The quick brown foxes were jumping over the lazily sleeping dogs.'],
  ['numbers and code', 'select count(*) from order_items where id = 42 and created_at > now() - 7'],
  ['accents', 'Crème brûlée à la façon d’Évreux, naïve Straße, Ångström'],
  ['compatibility forms', 'ﬁne Ｆｕｌｌ ｗｉｄｔｈ ① ㎏ 𝐛𝐨𝐥𝐝'],
  ['Greek and Russian', 'Ο Οδυσσέας ταξίδεψε. Ёжик в тумане и лошадь'],
  ['right to left', 'مرحبًا بالعالم، שָׁלוֹם עולם'],
  ['Chinese', '我们训练了一个机器学习的模型𠮷'],
  ['Japanese', 'データベースを高速に検索する方法'],
  ['Korean', '대용량 데이터베이스에서 빠르게 검색하는 방법'],
  ['Thai and Hindi', 'การค้นหาฐานข้อมูล डेटाबेस खोज'],
  ['emoji', '👩‍👩‍👧‍👦 👍🏽 ☀️ ✓ 🇩🇪'],
  ['lone surrogates', 'a\ud83d b\ude00 \ud83d\ud83d\ude00'],
  ['private use and unassigned', '\ue000\u0378\u{10ffff}\ufffe'],
  ['a word of a thousand', 'x'.repeat(1000)],
  ['a text of many words', Array.from({ length: 5000 }, (_, i) => `w${i % 1777}`).join(' ')],
];
/**
 * SHA-256 of the vectors' bytes (little-endian), one after the other. If it changes, vectors changed: raise the
 * model's version and write down why.
 */
const GOLDEN_HASH = '114199a06c3575db85fbb456b472bb91bfcf1f5f1ae94ee215bef744e82f98f6';

it('hashed-words gives the same bytes as ever', () => {
  const hash = createHash('sha256');
  for (const [, text] of GOLDEN) hash.update(new Uint8Array(embedHashed(text).buffer));
  expect(hash.digest('hex')).toBe(GOLDEN_HASH);
});

describe.each(EMBEDDED_NAMES)('%s', (name) => {
  const embed = MODELS[name];
  function cosine(a: string, b: string): number {
    const other = embed(b);
    return embed(a).reduce((sum, value, i) => sum + value * (other[i] ?? 0), 0);
  }

  it('gives the bytes that every runtime gives', async () => {
    expect(await hashOfVectors(embed)).toBe(HASHES[name]);
  });

  it('gives 384 numbers of length 1, or zero where there is no term', () => {
    for (const [name, text] of GOLDEN) {
      const vector = embed(text);
      expect(vector).toHaveLength(EMBEDDED_DIMENSIONS);
      const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
      const isBlank = name === 'empty' || name === 'punctuation only';
      expect({ name, length: Number(length.toFixed(6)) }).toEqual({
        name,
        length: isBlank ? 0 : 1,
      });
    }
  });

  it('does not depend on the texts before', () => {
    const before = GOLDEN.map(([, text]) => embed(text));
    embed(Array.from({ length: 50_000 }, (_, i) => `many${i}`).join(' '));
    expect(GOLDEN.toReversed().map(([, text]) => embed(text))).toEqual(before.toReversed());
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(embed(text).every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['x', 'x'.repeat(1_000_000)],
    ['Han', '机器学习'.repeat(250_000)],
    ['emoji', '😀'.repeat(500_000)],
    [
      'distinct words',
      Array.from({ length: 150_000 }, (_, i) => (i * 7919).toString(36)).join(' '),
    ],
    ['a ligature of 18 letters', '\ufdfa'.repeat(300_000)],
  ])('takes a megabyte of %s in linear time', (_, text) => {
    const start = performance.now();
    embed(text);
    // 0.02 to 0.15 s on an idle machine; quadratic work would take minutes on any.
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it('finds forms of a word, misspellings, accents and case', () => {
    expect(cosine('aircraft wings', 'Wing of an aircraft')).toBeGreaterThan(0.9);
    expect(cosine('databse serach', 'searching a database')).toBeGreaterThan(
      cosine('databse serach', 'strong winds damaged a roof') + 0.05,
    );
    expect(cosine('CAFÉ ÅNGSTRÖM', 'cafe angstrom')).toBeCloseTo(1, 6);
    expect(cosine('the and of', 'anything')).toBe(0);
    expect(cosine('wing wing wing drag', 'wing')).toBeGreaterThan(cosine('wing drag', 'wing'));
  });

  it.each([
    ['机器学习模型', '我们训练了一个机器学习的模型', '今天天气很好，我们去公园散步'],
    ['データベースの検索', 'データベースを高速に検索する方法', '昨日は友達と映画を見に行きました'],
    [
      '데이터베이스 검색',
      '데이터베이스에서 빠르게 검색하는 방법',
      '어제 친구와 영화를 보러 갔습니다',
    ],
    ['การค้นหาฐานข้อมูล', 'วิธีการค้นหาข้อมูลในฐานข้อมูลขนาดใหญ่', 'เมื่อวานฉันไปดูหนังกับเพื่อน'],
    ['поиск в базе данных', 'Как быстро искать данные в больших базах', 'Вчера мы ходили в кино'],
    [
      'البحث في قاعدة البيانات',
      'كيفية البحث السريع في قواعد البيانات',
      'ذهبت أمس مع صديقي إلى السينما',
    ],
    ['🚀 launch', 'Rockets 🚀 today', 'yesterday we went to the movies'],
  ])('ranks other scripts by what they share: %s', (query, near, far) => {
    expect(cosine(query, near)).toBeGreaterThan(cosine(query, far) + 0.1);
  });
});

describe('createEmbeddedModel', () => {
  it.each(EMBEDDED_NAMES)(
    '%s is an EmbeddingModel, its vectors come through as they are',
    async (name) => {
      const texts = GOLDEN.map(([, text]) => text);
      const vectors = await embedTexts(createEmbeddedModel(name), texts);
      expect(vectors).toEqual(texts.map((text) => MODELS[name](text)));
    },
  );

  it('names the file in the id of the model that has one', () => {
    expect(createEmbeddedModel().id).toBe(
      `evervec/near-words@1-${words.fingerprint.slice(0, 8)}/384`,
    );
    expect(createEmbeddedModel('hashed-words').id).toBe('evervec/hashed-words@1/384');
  });

  it('lets other work go first, and stops when asked', async () => {
    const control = new AbortController();
    const texts = Array.from({ length: 2000 }, (_, i) => `${'word '.repeat(100)}${i}`);
    setTimeout(() => control.abort(new Error('enough')), 1);
    const pending = embedTexts(createEmbeddedModel(), texts, { signal: control.signal });
    await expect(pending).rejects.toThrow('enough');
  });
});
