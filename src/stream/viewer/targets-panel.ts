import { button, byId, element, setText } from './dom.js';
import type { StreamView, TargetNow } from './stream-view.js';

export interface TargetsListener {
  onSelect(id: string): void;
  onRedraw(id: string): void;
  onRename(id: string, name: string): void;
  onRemove(id: string): void;
}

const STATES = { tracking: 'tracking', uncertain: 'unsure', lost: 'lost' } as const;

interface Row {
  readonly item: HTMLLIElement;
  readonly swatch: HTMLElement;
  readonly choose: HTMLButtonElement;
  readonly name: HTMLElement;
  readonly id: HTMLElement;
  readonly state: HTMLElement;
  readonly score: HTMLElement;
  readonly bar: HTMLElement;
  readonly actions: HTMLElement;
}

/** The list of a stream's targets. */
export class TargetsPanel {
  readonly #list = byId('targets', HTMLUListElement);
  readonly #empty = byId('no-targets', HTMLElement);
  readonly #heading = byId('targets-heading', HTMLElement);
  readonly #rows = new Map<string, Row>();
  readonly #listener: TargetsListener;
  #stream: string | undefined;

  constructor(listener: TargetsListener) {
    this.#listener = listener;
  }

  /**
   * @param nameOf what a target is called here
   * @param control whether this person may change targets: `off` where not just now
   */
  render(
    view: StreamView | undefined,
    nameOf: (target: TargetNow) => string,
    control: 'none' | 'off' | 'on',
  ): void {
    if (view?.name !== this.#stream) {
      this.#list.replaceChildren();
      this.#rows.clear();
      this.#stream = view?.name;
    }
    const targets = view?.targets ?? [];
    for (const [id, { item }] of this.#rows) if (!view?.target(id)) this.#drop(id, item);
    for (const target of targets) {
      const row = this.#rows.get(target.id) ?? this.#add(target.id);
      const name = nameOf(target);
      const selected = view?.selected === target.id;
      row.item.dataset.state = target.state;
      row.item.classList.toggle('selected', selected);
      row.choose.setAttribute('aria-pressed', String(selected));
      row.swatch.style.background = view?.colours.of(target.id) ?? '';
      setText(row.name, name);
      setText(row.id, name === target.id ? '' : target.id);
      setText(row.state, STATES[target.state]);
      setText(row.score, target.score.toFixed(2));
      row.bar.style.width = `${Math.round(target.score * 100)}%`;
      row.actions.hidden = control === 'none';
      row.actions.inert = control === 'off';
    }
    this.#empty.hidden = targets.length > 0;
    setText(this.#heading, targets.length > 0 ? `Targets (${targets.length})` : 'Targets');
  }

  /** Focus must not be lost with the row that had it. */
  #drop(id: string, item: HTMLElement): void {
    const had = item.contains(document.activeElement);
    const next = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector('button');
    item.remove();
    this.#rows.delete(id);
    if (had) (next ?? byId('stage', HTMLElement)).focus();
  }

  #add(id: string): Row {
    const swatch = element('span', { class: 'swatch', 'aria-hidden': 'true' });
    const name = element('strong');
    const shownId = element('span', { class: 'id' });
    const state = element('span', { class: 'state' });
    const score = element('span', { class: 'score' });
    const bar = element('span');
    const choose = element('button', { type: 'button', class: 'target' }, swatch);
    const lines = element('span', { class: 'lines' }, name, shownId, state);
    choose.append(lines, score, element('span', { class: 'bar', 'aria-hidden': 'true' }, bar));
    choose.addEventListener('click', () => this.#listener.onSelect(id));
    const called = () => name.textContent ?? id;
    const actions = element('div', { class: 'actions' });
    const item = element('li', {}, choose, actions);
    const act = (text: string, does: () => void) => {
      const made = button(text, text, does, 'small');
      made.removeAttribute('title');
      // The name follows a renaming.
      made.addEventListener('focus', () => made.setAttribute('aria-label', `${text} ${called()}`));
      made.setAttribute('aria-label', `${text} ${id}`);
      return made;
    };
    actions.append(
      act('Redraw', () => this.#listener.onRedraw(id)),
      act('Rename', () => this.#rename(id, item, actions, called())),
      act('Remove', () => this.#listener.onRemove(id)),
    );
    choose.addEventListener('keydown', (event) => {
      if (event.key === 'Delete' && !actions.hidden && !actions.inert) this.#listener.onRemove(id);
    });
    this.#list.append(item);
    const row = { item, swatch, choose, name, id: shownId, state, score, bar, actions };
    this.#rows.set(id, row);
    return row;
  }

  #rename(id: string, item: HTMLElement, actions: HTMLElement, name: string): void {
    if (item.querySelector('form')) return;
    const input = element('input', { value: name, maxlength: '200', 'aria-label': `New name of ${name}` });
    const form = element('form', { class: 'rename' }, input, element('button', { class: 'small' }, 'OK'));
    const end = () => {
      form.remove();
      actions.classList.remove('renaming');
      actions.querySelectorAll('button')[1]?.focus();
    };
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#listener.onRename(id, input.value.trim());
      end();
    });
    form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') end();
    });
    item.append(form);
    actions.classList.add('renaming');
    input.focus();
    input.select();
  }
}
