export * from './clock.ts';
export * from './logger.ts';
export * from './random.ts';
export * from './service.ts';
export * from './version.ts';
