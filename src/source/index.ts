export { createViews, dropViews, emptyArchive, settleArchived } from './archive.ts';
export { captureState, installCapture, removeCapture, requireCaptureRights } from './capture.ts';
export { checkAsPinned } from './expression.ts';
export { keyJoinSql, textSql } from './column-sql.ts';
export { parseTemplate } from './template.ts';
export { type ArchiveRule, resolveSource, type SourceDefinition } from './definition.ts';
export {
  budgetOptions,
  type Row,
  type SourceOptions,
  sourceName,
  sourceOptions,
} from './options.ts';
export {
  type BackfillPosition,
  findSource,
  findStandby,
  forgetChanges,
  forgetSource,
  forgetStandby,
  listSources,
  type SourceRow,
  saveSource,
  saveStandby,
  storedDefinition,
} from './registry.ts';
export {
  countRows,
  type KeyPage,
  keyPages,
  type RenderedRow,
  type RowsRead,
  readRows,
  sampleKeys,
} from './rows.ts';
export { type Proposal, type Proposals, proposeSources } from './propose.ts';
export { type Column, columnOf, describeTable, type Table } from './table.ts';
export { watchTable } from './watch.ts';
