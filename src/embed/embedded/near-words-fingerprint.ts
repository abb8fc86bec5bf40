/** Of near-words.bin; made with it by scripts/train-embedded-model. Another file is another model. */
export const NEAR_WORDS_FINGERPRINT =
  '2c822c44d0cbb881ff0321b8aa079293ab293e2982c0dfffe741ccdce41f851b';
