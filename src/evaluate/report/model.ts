import type { EvaluationReport } from '../evaluate.js';
import type { Outcome } from '../honest/index.js';

/** One tracker's results on a data set. */
export interface ReportTracker {
  /** What to call it; unique in a report. */
  readonly name: string;
  readonly report: EvaluationReport;
  /** What each row was measured from, in the order of the rows. */
  readonly outcomes: readonly Outcome[];
}

/** What a report shows. */
export interface ReportInput {
  /** The data set's name. */
  readonly dataset: string;
  /** The tracker that the report is about. */
  readonly tracker: ReportTracker;
  /** Trackers to set beside it, measured on the same sequences. */
  readonly against?: readonly ReportTracker[];
  /** Facts for the head of the page, e.g. `['threads', '1']`. */
  readonly facts?: readonly (readonly [name: string, value: string])[];
  /** When it was made; default: now. */
  readonly made?: Date;
}

/** A tracker with its place among the colours: 0 is the one that the report is about. */
export interface Series extends ReportTracker {
  readonly index: number;
}

/** As many colours and dashes as the style sheet has; further trackers begin again. */
export const SERIES_STYLES = 6;

/** The class that gives a series its colour. */
export function seriesClass({ index }: Series): string {
  return `s${index % SERIES_STYLES}`;
}
