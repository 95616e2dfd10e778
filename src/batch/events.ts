/** How one video ended. */
export type VideoStatus =
  /** Followed to its end; all outputs are in place. */
  | 'done'
  /** They were in place already. */
  | 'skipped'
  /** The input breaks off; outputs hold every frame before. */
  | 'damaged'
  /** It could not be done; `error` says why. Running the same again goes on from the last checkpoint. */
  | 'failed'
  /** The batch was stopped before it was done; running the same again goes on. */
  | 'interrupted';

/** What became of one video. */
export interface VideoResult {
  readonly name: string;
  readonly location: string;
  readonly status: VideoStatus;
  /** Frames of the video that were seen; 0 where it failed before. */
  readonly frames: number;
  /** Of them, frames followed in this run. */
  readonly followed: number;
  /** Seconds that this run worked on it. */
  readonly seconds: number;
  /** Why it failed, or what is wrong with the input: stable code and words. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** What a whole batch came to. */
export interface BatchSummary {
  readonly videos: readonly VideoResult[];
  readonly counts: Readonly<Record<VideoStatus, number>>;
  /** Frames followed in this run. */
  readonly followed: number;
  readonly seconds: number;
}

/** What happens in a batch, as it happens: one line each of `siamtrack batch --json`. */
export type BatchEvent =
  | { readonly type: 'batch'; readonly videos: number; readonly precision: string; readonly out: string }
  | { readonly type: 'started'; readonly name: string; readonly done: number; readonly total?: number }
  | { readonly type: 'progress'; readonly name: string; readonly done: number; readonly total?: number }
  | { readonly type: 'warning'; readonly name?: string; readonly message: string }
  | ({ readonly type: 'video' } & VideoResult)
  | ({ readonly type: 'summary' } & Omit<BatchSummary, 'videos'>);

/** Adds results up. */
export function summarise(videos: readonly VideoResult[], seconds: number): BatchSummary {
  const counts = { done: 0, skipped: 0, damaged: 0, failed: 0, interrupted: 0 };
  for (const { status } of videos) counts[status]++;
  return { videos, counts, followed: videos.reduce((sum, { followed }) => sum + followed, 0), seconds };
}
