import type { StreamInfo, StreamState } from '../protocol/index.js';
import { byId, context2d, element, setText } from './dom.js';
import type { StreamView } from './stream-view.js';

const STATES: Readonly<Record<StreamState, string>> = {
  connecting: 'connecting',
  live: 'live',
  stalled: 'no frames',
  reconnecting: 'reconnecting',
  paused: 'paused',
  ended: 'ended',
  error: 'failed',
};

/** A state in words. */
export function stateText({ state, kind }: StreamInfo): string {
  return state === 'live' && kind === 'file' ? 'playing' : STATES[state];
}

interface Row {
  readonly item: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly name: HTMLElement;
  readonly state: HTMLElement;
  readonly targets: HTMLElement;
  readonly thumbnail: HTMLCanvasElement;
}

/** The list of streams. */
export class StreamsPanel {
  readonly #list = byId('streams', HTMLUListElement);
  readonly #empty = byId('no-streams', HTMLElement);
  readonly #rows = new Map<string, Row>();
  readonly #onChoose: (stream: string) => void;

  constructor(onChoose: (stream: string) => void) {
    this.#onChoose = onChoose;
  }

  render(streams: readonly StreamView[], chosen: string | undefined, connected: boolean): void {
    const names = new Set(streams.map(({ name }) => name));
    for (const [name, { item }] of this.#rows)
      if (!names.has(name)) {
        item.remove();
        this.#rows.delete(name);
      }
    for (const view of streams) {
      const row = this.#rows.get(view.name) ?? this.#add(view.name);
      const { state } = view.info;
      row.button.dataset.state = connected ? state : '';
      if (view.name === chosen) row.button.setAttribute('aria-current', 'true');
      else row.button.removeAttribute('aria-current');
      setText(row.state, connected ? stateText(view.info) : 'not known');
      const { length } = view.targets;
      const lost = view.targets.filter((target) => target.state === 'lost').length;
      const count = length === 1 ? '1 target' : `${length} targets`;
      setText(row.targets, lost > 0 ? `${count}, ${lost} lost` : count);
      row.button.title = view.info.source;
    }
    this.#empty.hidden = streams.length > 0 || !connected;
  }

  /** A small picture of a stream. */
  thumbnail(stream: string, picture: ImageBitmap): void {
    const canvas = this.#rows.get(stream)?.thumbnail;
    if (!canvas) return;
    const context = context2d(canvas);
    const scale = Math.max(canvas.width / picture.width, canvas.height / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    context.drawImage(picture, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  }

  #add(stream: string): Row {
    const thumbnail = element('canvas', { width: '112', height: '72', 'aria-hidden': 'true' });
    const name = element('strong', {}, stream);
    const state = element('span', { class: 'state' });
    const targets = element('span', { class: 'count' });
    const button = element('button', { type: 'button', class: 'stream' }, thumbnail);
    button.append(element('span', { class: 'lines' }, name, state, targets));
    button.addEventListener('click', () => this.#onChoose(stream));
    const item = element('li', {}, button);
    this.#list.append(item);
    const row = { item, button, name, state, targets, thumbnail };
    this.#rows.set(stream, row);
    return row;
  }
}
