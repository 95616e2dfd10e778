export {
  type EvaluateOptions,
  type EvaluationReport,
  type EvaluationRow,
  evaluate,
  measureResults,
} from './evaluate.js';
export { MEASURES, type Measures, meanMeasures, measure } from './measures.js';
export {
  type OnePassOptions,
  type OnePassResult,
  type OnePassTracker,
  type OnePassUpdate,
  runOnePass,
} from './one-pass.js';
export { digest, ResultFolder, ResultsError, type StoredResult } from './results.js';
export { formatHeading, formatMean, formatRow } from './table.js';
