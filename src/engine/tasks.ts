/** Tasks on documents, as every surface sees them: accepted, looked at, cancelled. Who does them is `task-runner.ts`. */
import type { Database } from '../database/index.ts';
import {
  cancelTask,
  createTask,
  type ListTasks,
  listTasks,
  type NewTask,
  readTask,
  type TaskStatus,
} from '../document/index.ts';
import type { Logger } from '../runtime/index.ts';
import type { Documents } from './documents.ts';
import { TaskRunner, type TaskRunnerChoices } from './task-runner.ts';

export interface TasksParts {
  database: Database;
  documents: Documents;
  logger: Logger;
  /** How long tasks are kept that are over, days. */
  retentionDays: number;
}

export class Tasks {
  readonly #parts: TasksParts;
  /** Those of this process; others look by themselves from time to time. */
  readonly #runners = new Set<TaskRunner>();

  constructor(parts: TasksParts) {
    this.#parts = parts;
  }

  /**
   * Accepts a task, with its files: it is done, whatever becomes of this process.
   * @returns its id
   * @throws ConfigError where no documents are taken here
   */
  async create(task: NewTask): Promise<string> {
    const { database, documents } = this.#parts;
    await documents.prepare();
    const id = await database.transaction((tx) => createTask(tx, task));
    for (const runner of this.#runners) runner.wake();
    return id;
  }

  /** @param madeBy only where it is this one's. @returns null where there is none */
  async get(id: string, madeBy?: string): Promise<TaskStatus | null> {
    const { database, documents } = this.#parts;
    return (await documents.isThere()) ? await readTask(database, id, madeBy ?? null) : null;
  }

  /** The newest first, without the results of their items. */
  async list(options: ListTasks = {}): Promise<Omit<TaskStatus, 'results'>[]> {
    const { database, documents } = this.#parts;
    return (await documents.isThere()) ? await listTasks(database, options) : [];
  }

  /** Ends a task; what it took in stays. @returns whether it was not over */
  async cancel(id: string): Promise<boolean> {
    const isCancelled = await cancelTask(this.#parts.database, id);
    if (isCancelled) for (const runner of this.#runners) runner.drop(id);
    return isCancelled;
  }

  /** What does the tasks of all processes, one after the other; not yet started. */
  runner(choices: TaskRunnerChoices = {}): TaskRunner {
    const runner: TaskRunner = new TaskRunner({
      ...this.#parts,
      ...choices,
      onStarted: () => this.#runners.add(runner),
      onStopped: () => this.#runners.delete(runner),
    });
    return runner;
  }
}
