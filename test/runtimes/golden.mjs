/** The texts whose vectors have to be the same to the bit in every runtime, and the hashes of them. Runs in all of them. */

/** SHA-256 of `hashOfVectors`. If one changes, vectors changed: the model's version has to. */
export const HASHES = {
  'near-words': '9d075f5d7ea15ed8b5799ce252fe14d0a15f61d9ddf7afb975253940bd7aec19',
  'hashed-words': 'c45519258a082556505e190f3238bc96f5dfe07aa398f23a3f418080216aa38d',
};

const FIXED = [
  '',
  ' …!?—«»\n\t()[]{}',
  'The quick brown foxes were jumping over the lazily sleeping dogs.',
  'select count(*) from order_items where id = 42 and created_at > now() - 7',
  'Crème brûlée à la façon d’Évreux, naïve Straße, Ångström',
  'ﬁne Ｆｕｌｌ ｗｉｄｔｈ ① ㎏ 𝐛𝐨𝐥𝐝',
  'Ο Οδυσσέας ταξίδεψε. Ёжик в тумане и лошадь',
  'مرحبًا بالعالم، שָׁלוֹם עולם',
  '我们训练了一个机器学习的模型𠮷',
  'データベースを高速に検索する方法',
  '대용량 데이터베이스에서 빠르게 검색하는 방법',
  'การค้นหาฐานข้อมูล डेटाबेस खोज',
  '👩‍👩‍👧‍👦 👍🏽 ☀️ ✓ 🇩🇪',
  'a\ud83d b\ude00 \ud83d\ud83d\ude00',
  '\ue000\u{10ffff}\ufffe',
  'x'.repeat(1000),
  'The aircraft loses lift when its wings stall. '.repeat(200),
];

/** Written long before any engine that can run this: first and last character of what a word is drawn from. */
const SCRIPTS = [
  [0x61, 0x7a],
  [0x61, 0x7a],
  [0x20, 0x17e],
  [0x391, 0x3c9],
  [0x410, 0x44f],
  [0x5d0, 0x5ea],
  [0x621, 0x64a],
  [0x905, 0x939],
  [0xe01, 0xe2e],
  [0x3041, 0x3096],
  [0x4e00, 0x9fa5],
  [0xac00, 0xd7a3],
  [0xd800, 0xdfff],
  [0x1f300, 0x1f64f],
  [0x20000, 0x2a6d6],
];

const WORDS = (
  'car engine fails doctor medicine house cheap storm village damage children film query index table ' +
  'running ran better cities analyses organization wing flow boundary layer protein cell growth ' +
  'password reset account refund payment invoice shipped quickly beautiful the of and not'
).split(' ');

const RANDOM_TEXTS = 1000;

/** @yields {string} */
function* texts() {
  yield* FIXED;
  let state = 12345;
  const random = (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  const word = () => {
    if (random(2) === 0) return WORDS[random(WORDS.length)];
    const [first, last] = SCRIPTS[random(SCRIPTS.length)];
    const length = 1 + random(8);
    const characters = Array.from({ length }, () => first + random(last - first + 1));
    return String.fromCodePoint(...characters);
  };
  for (let i = 0; i < RANDOM_TEXTS; i++)
    yield Array.from({ length: 1 + random(60) }, word).join(' ');
}

/** SHA-256, in hexadecimal, of the vectors of all texts, little-endian, one after the other. */
export async function hashOfVectors(embed) {
  const vectors = [...texts()].map((text) => embed(text));
  const bytes = new DataView(new ArrayBuffer(vectors.length * 384 * 4));
  for (const [i, vector] of vectors.entries())
    for (let k = 0; k < 384; k++) bytes.setFloat32((i * 384 + k) * 4, vector[k], true);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.buffer));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
