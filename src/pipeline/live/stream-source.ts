import type { Frame, SourceInfo } from '../../ingest/index.js';

/** What a source tells of itself while it is read. */
export type StreamSourceEvent =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'stalled' }
  | {
      readonly kind: 'reconnecting';
      readonly attempt: number;
      readonly delay: number;
      readonly code: string;
      readonly message: string;
    }
  /** Something that a person must see to; the source goes on trying. */
  | { readonly kind: 'error'; readonly code: string; readonly message: string }
  | { readonly kind: 'paused' | 'resumed' | 'sought' | 'ended' };

/** A place in a file. */
export type Place = { readonly frame: number } | { readonly seconds: number };

/** What can be done to a file while it is read. */
export interface FileControls {
  pause(): void;
  resume(): void;
  /** @throws CommandError `NOT_SEEKABLE` for a place that the file does not have */
  seek(to: Place): Promise<void>;
}

/** Where a session's frames come from. Whoever iterates it owns one reference of every frame. */
export interface StreamSource extends AsyncIterable<Frame> {
  readonly kind: 'live' | 'file';
  readonly info: SourceInfo | undefined;
  /** Frames that were let go because a newer one had come. */
  readonly skipped: number;
  /** Files only. */
  readonly controls?: FileControls;
  /** Ends everything; a pending frame never comes. */
  close(): Promise<void>;
}

/** Opens a source; failures come with the first frame that is asked for. */
export type OpenStreamSource = (onEvent: (event: StreamSourceEvent) => void) => StreamSource;
