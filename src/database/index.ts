export type { Capabilities, Connection, Database, QueryResult } from './database.ts';
