export * from './database.ts';
export * from './identifier.ts';
export * from './postgres.ts';
