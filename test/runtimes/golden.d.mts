export const HASHES: Record<'near-words' | 'hashed-words', string>;
export function hashOfVectors(embed: (text: string) => Float32Array): Promise<string>;
