import type { Box } from '../../common/index.js';
import type { Command, PreviewHeader, ReplyResult } from '../protocol/index.js';
import { CommandRefused } from './connection.js';
import { type Mark, nextMarkId } from './marks.js';
import type { Notices } from './notices.js';
import type { Session } from './session.js';
import { savedMarks, saveMarks, settings } from './settings.js';
import type { Stage } from './stage.js';
import { boxText } from './words.js';

/** follow: boxes become targets at once. mark: they are collected for a batch. */
export type Mode = 'follow' | 'mark';

export interface EditingListener {
  nameOf(target: { readonly id: string; readonly label?: string | undefined }): string;
  /** A name for what is being drawn. */
  typedName(): string | undefined;
  onChange(): void;
  /** The box that waited has been taken. */
  onDone(): void;
}

/** What a person does to targets: each drawn box is sent with the index of the frame that it was drawn on. */
export class Editing {
  readonly #session: Session;
  readonly #stage: Stage;
  readonly #notices: Notices;
  readonly #listener: EditingListener;
  mode: Mode = 'follow';
  marks: readonly Mark[] = savedMarks();
  /** Boxes that are on their way to the server. */
  sending = 0;
  /** The target that the next box is for. */
  #redrawn: string | undefined;

  constructor(session: Session, stage: Stage, notices: Notices, listener: EditingListener) {
    this.#session = session;
    this.#stage = stage;
    this.#notices = notices;
    this.#listener = listener;
  }

  /** What a box that is being drawn is for. */
  get title(): string {
    if (this.mode === 'mark') return 'Target for a batch';
    const target = this.#redrawn === undefined ? undefined : this.#session.view?.target(this.#redrawn);
    return target ? `Redraw ${this.#listener.nameOf(target)}` : 'New target';
  }

  get action(): string {
    if (this.mode === 'mark') return 'Mark';
    return this.#redrawn === undefined ? 'Add' : 'Redraw';
  }

  get named(): string | undefined {
    return this.#redrawn === undefined ? 'optional' : undefined;
  }

  get mayDraw(): boolean {
    const { view, mayControl } = this.#session;
    if (!view) return false;
    return this.mode === 'mark' ? view.info.kind === 'file' : mayControl;
  }

  get instruction(): string {
    const { view, mayControl } = this.#session;
    if (!view) return '';
    if (this.#redrawn !== undefined) return `${this.title}: draw its box on the picture, or press Escape.`;
    if (this.mode === 'mark') return 'Draw a box to mark a target for a batch. Nothing is followed now.';
    return mayControl ? 'Draw a box on the picture to follow what is in it.' : '';
  }

  /** The marks of a frame. */
  marksOn({ stream, frame }: PreviewHeader): { readonly box: Box; readonly name: string }[] {
    if (this.mode !== 'mark') return [];
    return this.marks
      .filter((mark) => mark.stream === stream && mark.frame === frame)
      .map(({ box, id }) => ({ box, name: id }));
  }

  setMode(mode: Mode): void {
    this.mode = mode;
    this.cancel();
    this.#stage.draw();
  }

  setMarks(marks: readonly Mark[]): void {
    this.marks = marks;
    saveMarks(marks);
    this.#stage.draw();
    this.#listener.onChange();
  }

  /** Puts a box in the middle of the picture, to be moved by keys. */
  begin(box?: Box): void {
    const { shown } = this.#stage;
    if (!shown || !this.mayDraw) return;
    const { width, height } = shown.header.size;
    const side = Math.min(width, height) / 4;
    this.#stage.place(box ?? [(width - side) / 2, (height - side) / 2, side, side]);
    this.#stage.focus();
    this.#notices.say(`${this.title}: a box of ${boxText(this.#stage.waiting?.box ?? [0, 0, 0, 0])}`);
  }

  /**
   * The next box is a target's new one.
   * @param place whether its last box is put there at once, to be moved by keys
   */
  redraw(id: string, place = false): void {
    const { view, mayControl } = this.#session;
    if (!view?.target(id) || !mayControl) return;
    this.mode = 'follow';
    this.#redrawn = id;
    view.selected = id;
    this.#stage.focus();
    const last = view.tracks.get(id)?.last?.box;
    if (place) this.begin(last && [...last]);
    this.#listener.onChange();
  }

  cancel(): void {
    this.#redrawn = undefined;
    this.#stage.endEdit();
    this.#listener.onChange();
  }

  /** A pointer has drawn a box. */
  drawn(): void {
    if (settings.adjust) this.#notices.say('Box drawn. Enter confirms it, Escape cancels');
    else void this.confirm();
  }

  async confirm(): Promise<void> {
    const { waiting } = this.#stage;
    if (!waiting) return;
    const { box, header } = waiting;
    if (this.mode === 'mark') {
      this.#mark(box, header);
      return;
    }
    const { stream, frame } = header;
    const target = this.#redrawn;
    const label = this.#listener.typedName();
    const place = { stream, frame, box: [...box] as [number, number, number, number] };
    // The picture goes on meanwhile: the server puts the box on this frame all the same.
    this.sending++;
    this.#done();
    try {
      const result = await this.#session.connection.request(
        target === undefined
          ? { type: 'addTarget', ...place, label }
          : { type: 'reinitTarget', ...place, target },
      );
      const { view } = this.#session;
      if (view?.name === stream) view.selected = result.target;
      this.#notices.clearErrors();
    } catch (error) {
      this.#refused(error, box, stream, target);
    } finally {
      this.sending--;
      this.#listener.onChange();
    }
  }

  remove(id: string): void {
    const { view } = this.#session;
    if (view) void this.send({ type: 'removeTarget', stream: view.name, target: id });
  }

  pause(pause: boolean): void {
    const { view } = this.#session;
    if (view) void this.send({ type: pause ? 'pause' : 'resume', stream: view.name });
  }

  seek(to: { frame: number } | { seconds: number }): void {
    const { view } = this.#session;
    if (view) void this.send({ type: 'seek', stream: view.name, to });
  }

  /** Sends a command, and tells where it was refused. */
  async send(command: Command): Promise<ReplyResult | undefined> {
    try {
      return await this.#session.connection.request(command);
    } catch (error) {
      this.#notices.error(messageOf(error));
      return undefined;
    }
  }

  #done(): void {
    this.#redrawn = undefined;
    this.#listener.onDone();
    this.#stage.endEdit();
    this.#listener.onChange();
  }

  /** A box whose frame has gone is put on the newest picture, to be tried again. */
  #refused(error: unknown, box: Box, stream: string, target: string | undefined): void {
    const gone = error instanceof CommandRefused && error.code === 'FRAME_NOT_HELD';
    if (!gone || this.#session.view?.name !== stream || this.#stage.editor.kind !== 'idle') {
      this.#notices.error(messageOf(error));
      return;
    }
    this.#redrawn = target;
    this.#stage.renew();
    this.#stage.place(box);
    this.#stage.focus();
    this.#notices.error(
      'The server no longer holds that picture. Your box is now on the newest one: put it right and confirm it.',
    );
  }

  #mark(box: Box, { stream, frame }: PreviewHeader): void {
    const { view } = this.#session;
    const { source: video, frameCount } = view?.info ?? {};
    if (!view || view.name !== stream || video === undefined) return;
    if (frameCount !== undefined && frame >= frameCount) {
      this.#notices.error(
        'This file is being played again, and its frames count on: go back to a frame of the first time.',
      );
      return;
    }
    const id = this.#listener.typedName() ?? nextMarkId(this.marks, video);
    if (this.marks.some((mark) => mark.video === video && mark.id === id)) {
      this.#notices.error(`There is a target ${id} for ${video} already: give this one another name.`);
      return;
    }
    this.#done();
    this.setMarks([...this.marks, { stream, video, id, frame, box, backwards: false }]);
    this.#notices.say(`${id} is marked on frame ${frame}`);
  }
}

function messageOf(error: unknown): string {
  if (error instanceof CommandRefused && error.code === 'DISCONNECTED') return `Not done: ${error.message}.`;
  return error instanceof Error ? `The server refused: ${error.message}` : String(error);
}
