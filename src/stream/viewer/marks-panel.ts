import { button, byId, element } from './dom.js';
import { type Mark, marksCsv, marksJson } from './marks.js';

export interface MarksListener {
  onGoTo(mark: Mark): void;
  onChange(marks: readonly Mark[]): void;
}

/** The boxes that were drawn for a batch, and their download. */
export class MarksPanel {
  readonly #list = byId('marks', HTMLUListElement);
  readonly #empty = byId('no-marks', HTMLElement);
  readonly #tools = byId('marks-tools', HTMLElement);
  readonly #listener: MarksListener;

  constructor(listener: MarksListener, current: () => readonly Mark[]) {
    this.#listener = listener;
    const save = (name: string, type: string, write: (marks: readonly Mark[]) => string) => () =>
      download(name, type, write(current()));
    byId('save-csv', HTMLButtonElement).addEventListener('click', save('targets.csv', 'text/csv', marksCsv));
    byId('save-json', HTMLButtonElement).addEventListener(
      'click',
      save('targets.json', 'application/json', marksJson),
    );
    byId('clear-marks', HTMLButtonElement).addEventListener('click', () => listener.onChange([]));
  }

  /** To be called when they have changed. */
  render(marks: readonly Mark[]): void {
    const without = (mark: Mark) => marks.filter((other) => other !== mark);
    const had = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(
      ...marks.map((mark) => {
        const { id, video, frame, backwards } = mark;
        const toggle = element('input', { type: 'checkbox', checked: backwards });
        toggle.addEventListener('change', () =>
          this.#listener.onChange(marks.map((m) => (m === mark ? { ...m, backwards: toggle.checked } : m))),
        );
        const where = `${id} on frame ${frame} of ${video}`;
        return element(
          'li',
          {},
          element('strong', {}, id),
          element('span', { class: 'video', title: video }, `${video.split(/[\\/]/).at(-1)}, frame ${frame}`),
          element('label', {}, toggle, ' also backwards'),
          element(
            'div',
            { class: 'actions' },
            button('Go to', `Go to ${where}`, () => this.#listener.onGoTo(mark), 'small'),
            button('Remove', `Remove ${where}`, () => this.#listener.onChange(without(mark)), 'small'),
          ),
        );
      }),
    );
    if (had) (this.#list.querySelector('button') ?? byId('stage', HTMLElement)).focus();
    this.#empty.hidden = marks.length > 0;
    this.#tools.hidden = marks.length === 0;
  }
}

function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = element('a', { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
