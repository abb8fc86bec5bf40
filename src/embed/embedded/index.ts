export { EMBEDDED_DIMENSIONS, embedText } from './embed-text.ts';
export { createEmbeddedModel } from './embedded-model.ts';
