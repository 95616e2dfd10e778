import {
  type Frame,
  type LiveOptions,
  openLive,
  type SourceEvent,
  type SourceInfo,
} from '../../ingest/index.js';
import type { StreamSource, StreamSourceEvent } from './stream-source.js';

/** A camera or another address, as a session reads it. */
export class LiveStreamSource implements StreamSource {
  readonly kind = 'live';
  readonly #onEvent: (event: StreamSourceEvent) => void;
  readonly #source: ReturnType<typeof openLive>;

  constructor(
    address: string,
    options: Omit<LiveOptions, 'onEvent' | 'signal'>,
    onEvent: (event: StreamSourceEvent) => void,
  ) {
    this.#onEvent = onEvent;
    this.#source = openLive(address, { ...options, onEvent: (event) => this.#tell(event) });
  }

  get info(): SourceInfo | undefined {
    return this.#source.info;
  }

  get skipped(): number {
    return this.#source.skipped;
  }

  [Symbol.asyncIterator](): AsyncIterator<Frame> {
    return this.#source[Symbol.asyncIterator]();
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  #tell(event: SourceEvent): void {
    switch (event.kind) {
      case 'reconnecting': {
        const { attempt, delayMs, code, reason } = event;
        this.#onEvent({ kind: 'reconnecting', attempt, delay: delayMs, code, message: reason });
        break;
      }
      case 'error':
        this.#onEvent({ kind: 'error', code: event.code, message: event.message });
        break;
      case 'ended':
        // The iteration ends too, and that is what counts.
        break;
      default:
        this.#onEvent({ kind: event.kind });
        break;
    }
  }
}
