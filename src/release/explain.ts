/** Why a client would refuse a document, as a clause of a sentence. */
import type { Refusal } from '../format/index.ts';

export function explain(refusal: Refusal): string {
  switch (refusal.reason) {
    case 'too-large':
      return `it has ${refusal.bytes} bytes, and ${refusal.limit} are the limit`;
    case 'malformed':
      return `it can't be read: ${refusal.detail.replace(/\.$/, '')}`;
    case 'other-bytes':
      return `its SHA-256 is ${refusal.found}, not ${refusal.expected}`;
    case 'bad-signature':
      return `the signature by key ${short(refusal.keyId)} is wrong`;
    case 'too-few-signatures':
      return `${refusal.valid} of the signers that the root names have signed it, and ${refusal.needed} are needed`;
    case 'other-product':
      return `it is of the product ${refusal.found}, not ${refusal.expected}`;
    case 'other-channel':
      return `it is of the channel ${refusal.found.join(', ')}, not ${refusal.expected}`;
    case 'older':
      return `its ${refusal.what} ${refusal.found} is below ${refusal.stored}`;
    case 'conflicting':
      return `two documents were signed with version ${refusal.version}`;
    case 'other-number':
      return `its number is ${refusal.found}, not ${refusal.expected}`;
    case 'expired':
      return `the ${refusal.what} expired on ${refusal.expires}`;
    case 'blocked':
      return `${short(refusal.sha256)} is blocked`;
    case 'client-too-old':
      return `it needs Evervec ${refusal.needed}, and this is ${refusal.client}`;
    case 'reader-too-old':
      return `it needs reader ${refusal.needed} of the format, and this is ${refusal.reader}`;
  }
}

function short(hash: string): string {
  return hash.slice(0, 12);
}
