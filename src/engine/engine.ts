/**
 * Evervec in one object: opens the database, knows the sources, sets them up, runs workers, searches. All surfaces
 * (command, HTTP, the program that embeds it) go through here; the parts below never know each other's wiring.
 */
import { createTextChunker, type Chunker } from '../chunk/index.ts';
import {
  type Database,
  migrate,
  openEmbedded,
  openPostgres,
  type SchemaStatus,
  schemaStatus,
} from '../database/index.ts';
import { createEmbeddedModel, type EmbeddingModel } from '../embed/index.ts';
import { ConfigError, SpaceMismatchError, UnknownSourceError } from '../errors/index.ts';
import { countPending, enqueue, Priority, type QueueStatus, queueStatus } from '../queue/index.ts';
import { type Logger, silentLogger } from '../runtime/index.ts';
import { type SearchAnswer, type SearchRequest, search } from '../search/index.ts';
import {
  countRows,
  installCapture,
  keyPages,
  listSources,
  missingCapture,
  resolveSource,
  type SourceDefinition,
  saveSource,
  type SourceRow,
  sourceOptions,
} from '../source/index.ts';
import { createSpace, indexWhenFull, queueSidecar, type Space, spacesOf } from '../space/index.ts';
import { createEmbedRecords, type Handler, Worker, type WorkerOptions } from '../worker/index.ts';
import type { Config } from './config.ts';
