import type { Duplex } from 'node:stream';
import { textFrame } from './frame-bytes.js';

export interface OutboxOptions {
  /** Bytes on their way above which frames are left out. */
  readonly pendingBytes: number;
  readonly onMissed: (kind: 'boxes' | 'previews') => void;
  /** More waits than may: the client takes nothing. */
  readonly onOverflow: () => void;
}

/** Bytes on their way above which no preview follows: pictures are the first to go. */
const PREVIEW_PENDING = 65_536;
/** Milliseconds between two messages about what was missed. */
const MISSED_INTERVAL = 1000;

interface Slot {
  boxes: Buffer | undefined;
  preview: Buffer | undefined;
  missedBoxes: number;
  missedPreviews: number;
}

/**
 * What goes to one client. What must arrive (replies, events) is always written; of boxes and previews only the newest of each stream waits
 * while the client has more than `pendingBytes` to read, and what it replaces is counted and told. Memory is bounded by `pendingBytes`,
 * one message and one picture per stream, and four times `pendingBytes` of what must arrive.
 *
 * Frames are written to the socket whole, so that they cannot mix with those that `ws` writes (pongs, close).
 */
export class Outbox {
  readonly #socket: Duplex;
  readonly #options: OutboxOptions;
  readonly #slots = new Map<string, Slot>();
  #held = false;
  #missedSince = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(socket: Duplex, options: OutboxOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('drain', this.#onDrain);
  }

  /** Bytes given to the socket that the system has not taken yet. */
  get pending(): number {
    return this.#socket.writableLength;
  }

  /** Holds back boxes and previews, for a client that is known not to read; the newest go when it is let go. */
  set held(held: boolean) {
    this.#held = held;
    if (!held) this.#flush();
  }

  /** Writes what must arrive. */
  send(message: object): void {
    if (this.#closed) return;
    this.#socket.write(textFrame(message));
    if (this.pending > 4 * this.#options.pendingBytes) this.#options.onOverflow();
  }

  /** @param frame a whole WebSocket frame */
  sendBoxes(stream: string, frame: Buffer): void {
    if (this.#closed) return;
    if (
      !this.#held &&
      this.pending + frame.length <= this.#options.pendingBytes &&
      !this.#slots.has(stream)
    ) {
      this.#socket.write(frame);
      return;
    }
    const slot = this.#slot(stream);
    if (slot.boxes) {
      slot.missedBoxes++;
      this.#options.onMissed('boxes');
    }
    slot.boxes = frame;
    this.#flush();
  }

  /** @param frame a whole WebSocket frame */
  sendPreview(stream: string, frame: Buffer): void {
    if (this.#closed) return;
    const slot = this.#slot(stream);
    if (slot.preview) {
      slot.missedPreviews++;
      this.#options.onMissed('previews');
    }
    slot.preview = frame;
    this.#flush();
  }

  /** Forgets what waits of a stream that this client takes no more. */
  forget(stream: string): void {
    this.#slots.delete(stream);
  }

  close(): void {
    this.#closed = true;
    this.#slots.clear();
    this.#socket.off('drain', this.#onDrain);
  }

  readonly #onDrain = () => this.#flush();

  #flush(): void {
    if (this.#closed || this.#held) return;
    const now = performance.now();
    const tell = now - this.#missedSince >= MISSED_INTERVAL;
    for (const [stream, slot] of this.#slots) {
      if (slot.boxes && this.pending + slot.boxes.length <= this.#options.pendingBytes) {
        this.#socket.write(slot.boxes);
        slot.boxes = undefined;
      }
      if (slot.boxes) continue;
      if (slot.preview && this.pending <= PREVIEW_PENDING) {
        this.#socket.write(slot.preview);
        slot.preview = undefined;
      }
      const { missedBoxes: boxes, missedPreviews: previews } = slot;
      if (boxes + previews > 0 && tell && this.pending <= this.#options.pendingBytes) {
        this.#socket.write(textFrame({ type: 'missed', stream, boxes, previews }));
        this.#missedSince = now;
        slot.missedBoxes = 0;
        slot.missedPreviews = 0;
      }
      if (!slot.preview && slot.missedBoxes + slot.missedPreviews === 0) this.#slots.delete(stream);
    }
  }

  #slot(stream: string): Slot {
    let slot = this.#slots.get(stream);
    if (!slot) {
      slot = { boxes: undefined, preview: undefined, missedBoxes: 0, missedPreviews: 0 };
      this.#slots.set(stream, slot);
    }
    return slot;
  }
}
