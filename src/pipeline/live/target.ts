import type { Box } from '../../common/index.js';
import type { MessageTarget } from '../../formats/index.js';
import type { HistoryEntry } from '../../stream/index.js';
import type { Tracker, TrackResult } from '../../tracker/index.js';

/** A target of a session: its tracker, and how it stood in the last frame. */
export interface LiveTarget {
  readonly id: string;
  readonly label: string | undefined;
  readonly tracker: Pick<Tracker, 'update'>;
  frame: number;
  box: Box;
  score: number;
  state: TrackResult['state'];
  /** Searches that failed in a row. */
  failures: number;
  /** It was put on the frame that is about to be searched. */
  fresh: boolean;
}

/** A target that is being brought from the frame it was given on to the newest one. */
export interface Candidate {
  readonly id: string;
  readonly label: string | undefined;
  readonly tracker: Pick<Tracker, 'update'>;
  /** Index of the frame it stands at. */
  cursor: number;
  readonly history: HistoryEntry[];
  /** Frames it may still take beside the stream; then the stream waits for it. */
  budget: number;
  cancelled: boolean;
  /** Settles, never rejects, when it has joined or failed. */
  settled: Promise<unknown>;
}

export function messageTarget({ id, label, box, score, state }: LiveTarget): MessageTarget {
  return { id, label, box, score, state };
}
