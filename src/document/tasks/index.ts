export {
  type ClaimedTask,
  claimTask,
  endTask,
  giveBackTask,
  noteProgress,
  type HeldTask,
} from './claim.ts';
export { cancelTask, createTask, dropOldTasks } from './create.ts';
export {
  type ListTasks,
  listTasks,
  readTask,
  type TaskFileHead,
  taskFileBytes,
  taskFiles,
} from './read.ts';
export * from './task.ts';
