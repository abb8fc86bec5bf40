export * from './fuse-scores.ts';
