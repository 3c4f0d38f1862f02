/**
 * The public library: everything the command line does, as typed calls.
 * @packageDocumentation
 */
export { CompileError } from './compiler/compile-error.js';
export { type CompileOptions, compileModel } from './compiler/compile-model.js';
export type * from './compiler/program.js';
export { DatasetError } from './datasets/dataset-error.js';
export { datasetNames, loadDataset } from './datasets/load-dataset.js';
export { createTrainer, engineInfo } from './engine/index.js';
export type * from './engine/types.js';
export * from './imports/index.js';
export * from './optimizers/index.js';
export * from './protocols/index.js';
export { compareEntries, type PairedComparison } from './report/compare-entries.js';
export { mergeStudies, type NamedStudy } from './report/merge-studies.js';
export { renderRanking } from './report/render-ranking.js';
export { type StudySummary, type SummaryOptions, summarize } from './report/summary.js';
export { type ReportFiles, type ReportOptions, writeReport } from './report/write-report.js';
export {
  compileSchedule,
  initialState,
  learningRate,
  observe,
  type ScheduleSpec,
  scaleSchedule,
  schedules,
} from './schedules/index.js';
export * from './stats/index.js';
export type * from './store/records.js';
export { openStore } from './store/sqlite-store.js';
export { StoreError, type StoreReader } from './store/store.js';
export { listStudies } from './study/find-study.js';
export { loadStudy, type Study } from './study/load-study.js';
export { planTrials } from './study/plan-trials.js';
export { type PlannedStage, Search, searchesOf } from './study/search.js';
export type { PlannedTrial } from './study/trial-settings.js';
export {
  claims,
  describeRelation,
  type Emulation,
  emulate,
  emulationSchedule,
  findPath,
  type Relation,
  relations,
} from './taxonomy/index.js';
export {
  defaultDatabasePath,
  type RunStudyOptions,
  runStudy,
  type StudyEvent,
  type StudySummary as RunSummary,
} from './trial/run-study.js';
export { listWorkloads, loadWorkload, readWorkload } from './workloads/index.js';
export type { LoadedWorkload, WorkloadSpec } from './workloads/types.js';
export { YamlError } from './yaml/parse-yaml.js';
