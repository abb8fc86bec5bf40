export * from './embed-texts.ts';
export * from './embedded/index.ts';
export * from './model.ts';
