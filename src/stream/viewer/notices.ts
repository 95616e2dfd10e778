import { byId, element, setText } from './dom.js';

/** Milliseconds that a notice stays; errors stay until they are closed. */
const STAY = 6000;
const MOST = 4;

/** What the page tells: notices that are seen, and words for those who listen. */
export class Notices {
  readonly #list = byId('notices', HTMLUListElement);
  readonly #spoken = byId('announcer', HTMLElement);
  #queue: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Says something to people with a screen reader, when there is a pause. */
  say(text: string): void {
    this.#queue = [...this.#queue.filter((queued) => queued !== text), text].slice(-5);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const spoken = this.#queue.join('. ');
      this.#queue = [];
      // The same words again would not be announced.
      setText(this.#spoken, this.#spoken.textContent === spoken ? `${spoken}\u00a0` : spoken);
    }, 300);
  }

  info(text: string): void {
    this.say(text);
    const item = this.#show(text, 'info');
    setTimeout(() => item.remove(), STAY);
  }

  error(text: string): void {
    this.#show(text, 'error');
  }

  /** What went wrong has been put right. */
  clearErrors(): void {
    for (const item of this.#list.querySelectorAll('.error')) item.remove();
  }

  #show(text: string, kind: 'info' | 'error'): HTMLElement {
    for (const same of this.#list.children)
      if (same.querySelector('span')?.textContent === text) same.remove();
    const close = element('button', { type: 'button', 'aria-label': 'Close this message' }, '×');
    const item = element('li', { class: kind, role: kind === 'error' ? 'alert' : undefined });
    item.append(element('span', {}, text), close);
    close.addEventListener('click', () => item.remove());
    this.#list.append(item);
    while (this.#list.childElementCount > MOST) this.#list.firstElementChild?.remove();
    return item;
  }
}
