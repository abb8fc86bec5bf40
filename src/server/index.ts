export type { Engine, Health } from './engine.ts';
export { createHandler, type HandlerOptions, type HttpHandler } from './handler.ts';
export { type RunningServer, serve, type ServeOptions } from './serve.ts';
