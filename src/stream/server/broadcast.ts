import { boxMessage } from '../../formats/index.js';
import type { TrackedFrame } from '../host.js';
import { type BoxesMessage, encodePreview, type PreviewHeader } from '../protocol/index.js';
import { Opcode, textFrame, webSocketFrame } from './frame-bytes.js';
import type { Picture } from './preview.js';
import type { Subscription } from './subscriptions.js';

/** One frame on its way to all who want it: each message is made once for all that want the same of it. */
export class Broadcast {
  readonly tracked: TrackedFrame;
  /** Milliseconds from the frame's decoding until now. */
  readonly delay: number;
  readonly #boxes = new Map<string, Buffer>();
  readonly #previews = new Map<string, Buffer>();

  constructor(tracked: TrackedFrame) {
    this.tracked = tracked;
    this.delay = Math.max(0, Date.now() - tracked.frame.wallTime);
  }

  /** The box message, as a whole WebSocket frame. */
  boxes(wanted: Pick<Subscription, 'targets' | 'key'>): Buffer {
    let frame = this.#boxes.get(wanted.key);
    if (!frame) {
      frame = textFrame({ ...this.#message(wanted), delay: this.delay });
      this.#boxes.set(wanted.key, frame);
    }
    return frame;
  }

  /** The preview message, as a whole WebSocket frame. */
  preview(wanted: Pick<Subscription, 'targets' | 'key'>, picture: Picture): Buffer {
    const key = `${picture.width} ${wanted.key}`;
    let frame = this.#previews.get(key);
    if (!frame) {
      const { width, height, jpeg } = picture;
      const header: PreviewHeader = {
        ...this.#message(wanted),
        type: 'preview',
        picture: { width, height },
      };
      frame = webSocketFrame(Opcode.binary, encodePreview(header, jpeg));
      this.#previews.set(key, frame);
    }
    return frame;
  }

  #message({ targets: ids }: Pick<Subscription, 'targets'>): Omit<BoxesMessage, 'delay'> {
    const { stream, frame, targets } = this.tracked;
    const chosen = ids ? targets.filter(({ id }) => ids.has(id)) : targets;
    const message = boxMessage(stream, frame, chosen, { live: true });
    return { ...message, time: Math.round(frame.wallTime) };
  }
}
