import type { Box } from '../../common/index.js';
import type { PreviewHeader } from '../protocol/index.js';
import { boxAt, type Grip, type Point, rounded } from './box.js';
import { BoxEditor } from './box-editor.js';
import { byId, context2d, fitCanvas } from './dom.js';
import { type DrawnTarget, drawOverlay } from './overlay.js';

/** A picture that is shown, and the frame it is of. */
export interface ShownPicture {
  readonly header: PreviewHeader;
  readonly picture: ImageBitmap;
}

/** What lies over the picture of a frame; asked for whenever it is drawn. */
export interface StageContent {
  targets(header: PreviewHeader): readonly DrawnTarget[];
  marks(header: PreviewHeader): readonly { readonly box: Box; readonly name: string }[];
  /** What a box that is being drawn is for. */
  readonly purpose: string;
  readonly mayDraw: boolean;
}

/** What a person does on the stage. */
export interface StageListener {
  /** A box was drawn by a pointer on this picture, and waits. */
  onDrawn(): void;
  /** The waiting box changed, came or went. */
  onEdit(): void;
  onConfirm(): void;
  onSelect(id: string | undefined): void;
  onKey(event: KeyboardEvent): void;
}

/** CSS pixels around an edge that still take hold of it: more for fingers. */
const REACH = { mouse: 7, touch: 18 } as const;
/** CSS pixels: a pointer that went less far was a click. */
const CLICK = 6;

const CURSORS: Readonly<Record<Grip, string>> = {
  n: 'ns-resize',
  s: 'ns-resize',
  e: 'ew-resize',
  w: 'ew-resize',
  ne: 'nesw-resize',
  sw: 'nesw-resize',
  nw: 'nwse-resize',
  se: 'nwse-resize',
  inside: 'move',
};

/** The picture with the boxes of its very frame, and the hands on it. */
export class Stage {
  readonly #element = byId('stage', HTMLElement);
  readonly #canvas = byId('picture', HTMLCanvasElement);
  readonly #over = byId('overlay', HTMLCanvasElement);
  readonly #picture = context2d(this.#canvas);
  readonly #overlay = context2d(this.#over);
  readonly #content: StageContent;
  readonly #listener: StageListener;
  readonly editor = new BoxEditor();
  #shown: ShownPicture | undefined;
  #newest: ShownPicture | undefined;
  #pointer: number | undefined;
  /** A person wants this picture to stay. */
  #held = false;

  constructor(content: StageContent, listener: StageListener) {
    this.#content = content;
    this.#listener = listener;
    const element = this.#element;
    element.addEventListener('pointerdown', this.#onDown);
    element.addEventListener('pointermove', this.#onMove);
    element.addEventListener('pointerup', this.#onUp);
    element.addEventListener('pointercancel', this.#onCancel);
    element.addEventListener('keydown', this.#onKey);
    new ResizeObserver(() => this.draw()).observe(element);
  }

  get shown(): ShownPicture | undefined {
    return this.#shown;
  }

  get held(): boolean {
    return this.#held;
  }

  set held(held: boolean) {
    this.#held = held;
    this.#catchUp();
  }

  /** CSS pixels of the width that pictures are shown in. */
  get width(): number {
    return this.#element.clientWidth;
  }

  focus(): void {
    this.#element.focus({ preventScroll: true });
  }

  /** A newer picture: shown, unless the one that is shown is to stay. */
  offer(picture: ShownPicture): void {
    if (this.#newest !== this.#shown) this.#newest?.picture.close();
    this.#newest = picture;
    this.#catchUp();
  }

  /** Shows the newest picture, even while one is held or a box is being drawn on it. */
  renew(): void {
    this.#show();
  }

  /** Nothing is shown until the next picture. */
  clear(): void {
    this.editor.cancel();
    this.#shown?.picture.close();
    if (this.#newest !== this.#shown) this.#newest?.picture.close();
    this.#shown = undefined;
    this.#newest = undefined;
    this.#held = false;
    delete this.#element.dataset.frame;
    this.#picture.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.draw();
  }

  /** Ends what is being drawn and lets the picture go on. */
  endEdit(): void {
    this.editor.cancel();
    this.#catchUp();
    this.draw();
    this.#listener.onEdit();
  }

  /** Puts a box there, to be adjusted and confirmed. */
  place(box: Box): void {
    const { shown } = this;
    if (!shown) return;
    this.editor.place(box, shown.header.size);
    this.draw();
    this.#listener.onEdit();
  }

  /** Draws what lies over the picture. */
  draw(): void {
    const ratio = fitCanvas(this.#over);
    const { header } = this.#shown ?? {};
    const { box, kind } = this.editor;
    const edit = box && { box, name: this.#content.purpose, handles: kind === 'pending' };
    const targets = header ? this.#content.targets(header) : [];
    const marks = header ? this.#content.marks(header) : [];
    drawOverlay(this.#overlay, { targets, marks, edit }, { scale: this.#scale, ratio });
    this.#element.dataset.drawn = targets.map(({ id }) => id).join(' ');
  }

  /** CSS pixels per pixel of the frame. */
  get #scale(): number {
    return this.#shown ? this.#element.clientWidth / this.#shown.header.size.width : 1;
  }

  #catchUp(): void {
    if (!this.#held && this.editor.kind === 'idle') this.#show();
  }

  /** Picture and boxes change together, in one turn: no screen ever shows one without the other. */
  #show(): void {
    const newest = this.#newest;
    if (!newest || newest === this.#shown) return;
    this.#shown?.picture.close();
    this.#shown = newest;
    const { header, picture } = newest;
    const { width, height } = header.size;
    if (this.#canvas.width !== picture.width) this.#canvas.width = picture.width;
    if (this.#canvas.height !== picture.height) this.#canvas.height = picture.height;
    this.#element.style.setProperty('--ratio', String(width / height));
    this.#picture.drawImage(picture, 0, 0);
    this.#element.dataset.stream = header.stream;
    this.#element.dataset.frame = String(header.frame);
    this.draw();
  }

  #point({ clientX, clientY }: PointerEvent): Point {
    const { left, top } = this.#over.getBoundingClientRect();
    return { x: (clientX - left) / this.#scale, y: (clientY - top) / this.#scale };
  }

  #reach({ pointerType }: PointerEvent): number {
    return (pointerType === 'mouse' ? REACH.mouse : REACH.touch) / this.#scale;
  }

  readonly #onDown = (event: PointerEvent): void => {
    const { shown } = this;
    if (!shown || event.button !== 0 || this.#pointer !== undefined) return;
    event.preventDefault();
    this.focus();
    if (!this.#content.mayDraw) {
      this.#select(event);
      return;
    }
    this.#pointer = event.pointerId;
    this.#element.setPointerCapture(event.pointerId);
    this.editor.down(this.#point(event), shown.header.size, this.#reach(event));
    this.draw();
    this.#listener.onEdit();
  };

  readonly #onMove = (event: PointerEvent): void => {
    if (this.#pointer === event.pointerId) {
      this.editor.move(this.#point(event));
      this.draw();
      this.#listener.onEdit();
    } else if (this.#pointer === undefined) {
      const grip = this.editor.gripAt(this.#point(event), this.#reach(event));
      this.#over.style.cursor = grip ? CURSORS[grip] : this.#content.mayDraw ? 'crosshair' : 'default';
    }
  };

  readonly #onUp = (event: PointerEvent): void => {
    if (this.#pointer !== event.pointerId) return;
    this.#pointer = undefined;
    const drawn = this.editor.up(CLICK / this.#scale);
    if (drawn) this.#listener.onDrawn();
    else if (this.editor.kind === 'idle') {
      this.#select(event);
      this.endEdit();
    }
    this.draw();
    this.#listener.onEdit();
  };

  readonly #onCancel = (event: PointerEvent): void => {
    if (this.#pointer !== event.pointerId) return;
    this.#pointer = undefined;
    this.endEdit();
  };

  #select(event: PointerEvent): void {
    if (!this.#shown) return;
    this.#listener.onSelect(boxAt(this.#content.targets(this.#shown.header), this.#point(event))?.id);
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === 'Escape' && this.#pointer !== undefined) {
      this.#pointer = undefined;
      this.endEdit();
      return;
    }
    // Two CSS pixels at a touch, more while the key stays down.
    const result = this.editor.key(event, (event.repeat ? 8 : 2) / this.#scale);
    if (result === undefined) {
      this.#listener.onKey(event);
      return;
    }
    event.preventDefault();
    if (result === 'changed') {
      this.draw();
      this.#listener.onEdit();
    } else if (result === 'confirmed') this.#listener.onConfirm();
    else this.endEdit();
  };

  /** The box that waits, as it is sent. */
  get waiting(): { readonly box: Box; readonly header: PreviewHeader } | undefined {
    const { box, kind } = this.editor;
    if (!box || kind !== 'pending' || !this.#shown) return undefined;
    return { box: rounded(box), header: this.#shown.header };
  }
}
