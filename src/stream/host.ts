import type { z } from 'zod';
import { SiamtrackError } from '../common/index.js';
import type { MessageTarget } from '../formats/index.js';
import type { Frame } from '../ingest/index.js';
import type {
  AddStreamCommand,
  AddTargetCommand,
  ErrorCode,
  ReinitTargetCommand,
  StreamEventMessage,
  StreamInfo,
  TargetEventMessage,
} from './protocol/index.js';

/** A command that a client cannot have; told to it as it is. */
export class CommandError extends SiamtrackError {
  declare readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** One frame and where its targets are. */
export interface TrackedFrame {
  readonly stream: string;
  /**
   * Held for the time of the call; a listener that goes on reading its planes afterwards retains it. The planes are empty where the
   * stream's `previews` is false.
   */
  readonly frame: Frame;
  readonly targets: readonly MessageTarget[];
  /** How long it took to find them, where it was done here. */
  readonly searchSeconds?: number;
}

/** What a host tells. Listeners are called in turn and must not throw. */
export interface HostListener {
  onFrame(tracked: TrackedFrame): void;
  onTarget(event: TargetEventMessage): void;
  onStream(event: StreamEventMessage): void;
}

type Of<Schema extends z.ZodType> = Omit<z.output<Schema>, 'type' | 'id'>;

/**
 * The streams behind a server: what it shows and what its clients may do to them. Every method that fails throws or rejects with a
 * {@link CommandError}; whatever else is thrown is a fault of the host.
 */
export interface StreamHost {
  readonly streams: readonly StreamInfo[];
  /** @returns where the target is followed from, once it has been caught up */
  addTarget(command: Of<typeof AddTargetCommand>): Promise<{ target: string; frame: number }>;
  reinitTarget(command: Of<typeof ReinitTargetCommand>): Promise<{ target: string; frame: number }>;
  removeTarget(stream: string, target: string): void;
  /** Opens a source for a client: what clients may open is the host's to decide. */
  addStream(command: Of<typeof AddStreamCommand>): Promise<StreamInfo>;
  removeStream(stream: string): Promise<void>;
  pause(stream: string): void;
  resume(stream: string): void;
  seek(stream: string, to: { readonly frame: number } | { readonly seconds: number }): Promise<void>;
  listen(listener: HostListener): () => void;
}
