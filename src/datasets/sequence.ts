import type { Box } from '../common/index.js';

/** Where one target is in every frame of a sequence; `null` where it is absent or was not annotated. */
export interface SequenceTarget {
  /** Unique over a dataset: the sequence's name, with `.k` where its annotation file is numbered. */
  readonly name: string;
  /** The annotation file the boxes come from. */
  readonly file: string;
  /** One entry a frame, from frame 0. The first one is never `null`. */
  readonly boxes: readonly (Box | null)[];
}

/** One video or folder of stills, with the truth about its targets. */
export interface Sequence {
  readonly name: string;
  readonly layout: 'otb' | 'got10k' | 'video';
  /** What to open to see the frames: a folder of stills or a video file. */
  readonly source: string;
  /** Paths of the stills in order, `null` for a video. */
  readonly pictures: readonly string[] | null;
  /** The frame of `source` that the first box of the truth belongs to; 0 in almost every sequence. */
  readonly skip: number;
  /** From that frame the source is followed down to its first. */
  readonly backwards?: true;
  readonly targets: readonly SequenceTarget[];
  /** What of each frame is shown, from the first followed on; all of it where there are none. */
  readonly views?: readonly FrameView[];
}

/** How a frame is shown, in its pixels; all numbers are even, as chroma has half the resolution. */
export interface FrameView {
  /** The part that is shown. */
  readonly window?: Box;
  /** Where a copy of `source`, a part of the same size, lies over the picture; it may reach beyond the frame. */
  readonly cover?: Box;
  readonly source?: Box;
}

/** How the numbers of an annotation file are to be read. */
export interface AnnotationOptions {
  /**
   * Whether the picture's top-left pixel is called `1, 1` (OTB, GOT-10k and TLD publish so) and not `0, 0`. Boxes are 0-based in
   * memory either way. Default `true`.
   */
  readonly oneBased?: boolean;
}
