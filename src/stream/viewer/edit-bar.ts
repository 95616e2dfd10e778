import type { Box } from '../../common/index.js';
import { byId, setText } from './dom.js';

export interface EditBarListener {
  onConfirm(): void;
  onCancel(): void;
  onBox(box: Box): void;
}

/** The numbers, the name and the two buttons of a box that waits to be confirmed. */
export class EditBar {
  readonly #form = byId('edit', HTMLFormElement);
  readonly #purpose = byId('edit-purpose', HTMLElement);
  readonly #name = byId('edit-name', HTMLInputElement);
  readonly #named = byId('edit-named', HTMLElement);
  readonly #confirm = byId('edit-confirm', HTMLButtonElement);
  readonly #sides = ['edit-x', 'edit-y', 'edit-width', 'edit-height'].map((id) => byId(id, HTMLInputElement));

  constructor(listener: EditBarListener) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      listener.onConfirm();
    });
    this.#form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') listener.onCancel();
    });
    byId('edit-cancel', HTMLButtonElement).addEventListener('click', () => listener.onCancel());
    for (const side of this.#sides)
      side.addEventListener('change', () => {
        const [x, y, width, height] = this.#sides.map((input) => Number(input.value));
        listener.onBox([x, y, width, height]);
      });
  }

  /** The name that was typed. */
  get name(): string | undefined {
    return this.#name.value.trim() || undefined;
  }

  forgetName(): void {
    this.#name.value = '';
  }

  /**
   * @param box undefined: nothing waits
   * @param named what the name is for; undefined where none is asked for
   */
  render(box: Box | undefined, purpose: string, action: string, named: string | undefined): void {
    this.#form.hidden = box === undefined;
    if (!box) return;
    setText(this.#purpose, purpose);
    setText(this.#confirm, action);
    this.#named.hidden = named === undefined;
    this.#name.placeholder = named ?? '';
    this.#sides.forEach((input, k) => {
      if (document.activeElement !== input) input.value = String(Math.round(box[k] * 10) / 10);
    });
  }
}
