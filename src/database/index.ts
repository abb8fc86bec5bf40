export * from './database.ts';
export * from './embedded/open.ts';
export * from './identifier.ts';
export * from './migrator.ts';
export * from './postgres.ts';
export { isAtLeast } from './vector-extension.ts';
