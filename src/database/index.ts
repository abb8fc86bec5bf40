export { ARRAY_HEADER, encodeArray, encodeTexts, writeArrayHeader } from './binary-array.ts';
export * from './database.ts';
export * from './embedded/index.ts';
export * from './identifier.ts';
export * from './migrator.ts';
export * from './postgres.ts';
export { SCHEMA_VERSION, schemaVersion } from './schema-version.ts';
export { transactOnTables, transactPastDeadlocks } from './table-locks.ts';
export { isAtLeast } from './vector-extension.ts';
