import type { Box } from '../../common/index.js';
import type { BoxMessage, TargetMessage } from '../../formats/index.js';
import { type Frame, redactUrl } from '../../ingest/index.js';
import {
  CommandError,
  type HostListener,
  type StreamEventMessage,
  type StreamInfo,
  type StreamState,
  type TargetEventMessage,
  type TargetInfo,
} from '../../stream/index.js';

/** Milliseconds that a target, once asked for, may take to be in a box message. */
const PATIENCE_MS = 5000;
/** Milliseconds without a message after which a stream counts as stalled. */
const SILENCE_MS = 3000;
const NO_PIXELS = new Uint8Array(0);

interface Awaited {
  readonly box: Box;
  readonly event: 'added' | 'reinitialised';
  readonly settle: (message: BoxMessage, target: TargetMessage) => void;
}

/** One stream that a worker somewhere holds, as its box messages tell of it. */
export class RelayedStream {
  readonly name: string;
  readonly #source: string;
  readonly #listener: HostListener;
  #state: StreamState = 'connecting';
  #size: StreamInfo['size'];
  #last: BoxMessage | undefined;
  #lastAt = 0;
  #messages = 0;
  #reconnects = 0;
  #stalls = 0;
  #number = 1;
  #targets = new Map<string, TargetInfo>();
  readonly #awaited = new Map<string, Awaited>();

  constructor(name: string, source: string, listener: HostListener) {
    this.name = name;
    this.#source = redactUrl(source);
    this.#listener = listener;
  }

  get info(): StreamInfo {
    return {
      stream: this.name,
      source: this.#source,
      kind: 'live',
      previews: false,
      state: this.#state,
      ...(this.#size ? { size: this.#size } : {}),
      counts: {
        decoded: this.#messages,
        tracked: this.#messages,
        skipped: 0,
        reconnects: this.#reconnects,
        stalls: this.#stalls,
      },
      targets: [...this.#targets.values()],
    };
  }

  get targets(): ReadonlyMap<string, TargetInfo> {
    return this.#targets;
  }

  /** An id that no target has. */
  nextId(): string {
    let id: string;
    do id = String(this.#number++);
    while (this.#targets.has(id) || this.#awaited.has(id));
    return id;
  }

  /** A box in pixels. @throws CommandError `NO_FRAME` where the size of the frames is not known yet */
  pixels([x, y, w, h]: Box, units: 'pixels' | 'normalised'): [number, number, number, number] {
    if (!this.#size) throw this.#noFrame();
    const { width, height } = this.#size;
    return units === 'pixels' ? [x, y, w, h] : [x * width, y * height, w * width, h * height];
  }

  /** Resolves when the holder follows what it was asked to. @throws CommandError `BAD_BOX`, `NO_FRAME` */
  async followed(
    id: string,
    box: Box,
    event: Awaited['event'],
    ask: () => Promise<boolean>,
  ): Promise<{ target: string; frame: number }> {
    if (this.#awaited.has(id))
      throw new CommandError('TARGET_EXISTS', `target: expected one that is not being added, got "${id}"`);
    const before = this.#messages;
    let timer: NodeJS.Timeout | undefined;
    const found = new Promise<number>((resolve, reject) => {
      this.#awaited.set(id, { box, event, settle: ({ frame }) => resolve(frame) });
      timer = setTimeout(() => {
        if (this.#messages === before) return reject(this.#noFrame());
        reject(
          new CommandError('BAD_BOX', `box: expected one that can be followed, got [${box.join(', ')}]`),
        );
      }, PATIENCE_MS);
    });
    found.catch(() => undefined);
    try {
      if (!(await ask())) throw this.#noFrame();
      return { target: id, frame: await found };
    } finally {
      clearTimeout(timer);
      this.#awaited.delete(id);
    }
  }

  /** What its holder says of a frame. */
  take(message: BoxMessage): void {
    const before = this.#size;
    const { size } = message;
    this.#size = size;
    this.#last = message;
    this.#lastAt = performance.now();
    this.#messages++;
    if (this.#state !== 'live') this.#enter('live', 'live');
    else if (before && (before.width !== size.width || before.height !== size.height)) this.tell('changed');
    const gone = this.#targets;
    this.#targets = new Map(
      message.targets.map((target) => [target.id, { ...target, frame: message.frame }]),
    );
    this.#listener.onFrame({
      stream: this.name,
      frame: withoutPicture(message),
      targets: message.targets as readonly (TargetMessage & { box: Box })[],
    });
    for (const target of message.targets) this.#tellOf(target, gone.get(target.id), message);
    for (const [id, target] of gone)
      if (!this.#targets.has(id)) this.#tellTarget('removed', target, message, 'command');
  }

  /** Called now and then: whether a worker holds it, and whether it says anything. */
  look(held: boolean): void {
    if (this.#state !== 'live') return;
    const quiet = performance.now() - this.#lastAt;
    if (quiet < SILENCE_MS) return;
    if (held) {
      this.#stalls++;
      this.#enter('stalled', 'stalled');
    } else {
      this.#reconnects++;
      this.#enter('reconnecting', 'reconnecting', { message: 'waiting for a worker' });
    }
  }

  /** The stream is no more. */
  end(): void {
    const last = this.#last;
    if (last)
      for (const target of this.#targets.values()) this.#tellTarget('removed', target, last, 'stream');
    this.#targets.clear();
    this.#state = 'ended';
    this.tell('removed');
  }

  tell(
    event: StreamEventMessage['event'],
    details: Partial<Pick<StreamEventMessage, 'code' | 'message'>> = {},
  ): void {
    const { name: stream, info } = this;
    this.#listener.onStream({ type: 'stream', event, stream, time: Date.now(), ...details, info });
  }

  #enter(
    state: StreamState,
    event: StreamEventMessage['event'],
    details: Partial<Pick<StreamEventMessage, 'code' | 'message'>> = {},
  ): void {
    this.#state = state;
    this.tell(event, details);
  }

  #tellOf(target: TargetMessage, before: TargetInfo | undefined, message: BoxMessage): void {
    const awaited = this.#awaited.get(target.id);
    // A target has score 1 on the frame on which it was pointed at, and on no other.
    const pointedAt = awaited && (awaited.event === 'added' ? !before : target.score === 1);
    if (pointedAt) {
      this.#tellTarget(awaited.event, target, message);
      awaited.settle(message, target);
    } else if (!before) this.#tellTarget('added', target, message);
    if (target.state === 'lost' && before?.state !== 'lost') this.#tellTarget('lost', target, message);
    if (target.state !== 'lost' && before?.state === 'lost') this.#tellTarget('found', target, message);
  }

  #tellTarget(
    event: TargetEventMessage['event'],
    { id, label, box, score, state }: TargetMessage,
    { frame, pts }: BoxMessage,
    reason?: TargetEventMessage['reason'],
  ): void {
    this.#listener.onTarget({
      type: 'target',
      event,
      stream: this.name,
      target: id,
      ...(label === undefined ? {} : { label }),
      frame,
      pts,
      time: Date.now(),
      box,
      score,
      state,
      ...(event === 'added' || event === 'reinitialised'
        ? { history: [{ frame, pts, box, score, state }] }
        : {}),
      ...(reason ? { reason } : {}),
    });
  }

  #noFrame(): CommandError {
    return new CommandError(
      'NO_FRAME',
      `${this.name}: expected a stream with frames, got one that no worker has at the moment`,
    );
  }
}

/** A frame of which only its place in time and its size are here. */
function withoutPicture({ frame: index, pts, time, size }: BoxMessage): Frame {
  const frame: Frame = {
    index,
    pts,
    wallTime: time ?? Date.now(),
    ...size,
    y: NO_PIXELS,
    u: NO_PIXELS,
    v: NO_PIXELS,
    range: 'limited',
    matrix: 'bt601',
    retain: () => frame,
    release: () => undefined,
  };
  return frame;
}
