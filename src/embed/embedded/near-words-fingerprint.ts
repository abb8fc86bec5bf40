/** Of near-words.bin; made with it by scripts/train-embedded-model. Another file is another model. */
export const NEAR_WORDS_FINGERPRINT =
  '9897849862f8c838468fd826fff9f2faa7e861f3805ba64f26960b1f4fc554f6';
