export { EMBEDDED_DIMENSIONS, embedText } from './embed-text.ts';
export { createEmbeddedModel, isEmbedded } from './embedded-model.ts';
