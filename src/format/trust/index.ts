export {
  type ChannelDocument,
  type ChannelExpectation,
  type ChannelFloor,
  readChannel,
  type ReleasePointer,
  verifyChannel,
} from './channel.ts';
export { chooseRelease } from './choose.ts';
export { addSignature, signDocument } from './envelope.ts';
export { timeText } from './fields.ts';
export {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  keyIdOf,
  parsePublicKey,
  type Scheme,
  SCHEMES,
  type SigningKey,
} from './keys.ts';
export {
  type ManifestExpectation,
  readManifest,
  type ReleaseFile,
  type ReleaseManifest,
  verifyManifest,
} from './manifest.ts';
export { isStillTrusted, type Role } from './role.ts';
export { isInRollout, rolloutBucket, WHOLE_ROLLOUT } from './rollout.ts';
export {
  readRoot,
  type RootDocument,
  type TrustAnchor,
  verifyNextRoot,
  verifyRoot,
  verifyRootChain,
} from './root.ts';
export type { Refusal, Verdict } from './verdict.ts';
