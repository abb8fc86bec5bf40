export * from './embed-texts.ts';
export * from './model.ts';
