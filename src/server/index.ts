export type { Scope, TokenOptions } from './access.ts';
export type { Engine } from './engine.ts';
export { createHandler, type HandlerOptions, type HttpHandler } from './handler.ts';
export { type RunningServer, serve, type ServeOptions } from './serve.ts';
