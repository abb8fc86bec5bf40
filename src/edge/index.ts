export { bearerOf, hashOf, isSameHash, secretFault } from './bearer.ts';
export {
  createDrainHandler,
  DEFAULT_SECONDS,
  DRAIN_PATH,
  type Drainable,
  type DrainAnswer,
  MAX_SECONDS,
} from './drain.ts';
export { answerFailure } from './failure.ts';
