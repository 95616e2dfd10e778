import { byId, setText } from './dom.js';
import type { StreamView } from './stream-view.js';

export interface PlayerListener {
  /** Pause or resume a file; hold or let go the picture of a live stream. */
  onPause(): void;
  onSeek(seconds: number): void;
  /** One frame back or on. */
  onStep(frames: -1 | 1): void;
}

/** What is under the picture: pause, and for files the place. */
export class Player {
  readonly #pause = byId('pause', HTMLButtonElement);
  readonly #bar = byId('player', HTMLElement);
  readonly #seek = byId('seek', HTMLInputElement);
  readonly #time = byId('time', HTMLElement);
  #seeking = false;

  constructor(listener: PlayerListener) {
    this.#pause.addEventListener('click', () => listener.onPause());
    byId('step-back', HTMLButtonElement).addEventListener('click', () => listener.onStep(-1));
    byId('step-on', HTMLButtonElement).addEventListener('click', () => listener.onStep(1));
    this.#seek.addEventListener('input', () => {
      this.#seeking = true;
      this.#say(Number(this.#seek.value), Number(this.#seek.max));
    });
    this.#seek.addEventListener('change', () => {
      this.#seeking = false;
      listener.onSeek(Number(this.#seek.value));
    });
  }

  /**
   * @param holding whether the picture is held, rather than the stream paused
   * @param control whether this person may stop files: `off` where not just now
   */
  render(view: StreamView | undefined, holding: boolean, control: 'none' | 'off' | 'on'): void {
    const file = view?.info.kind === 'file' && control !== 'none';
    const paused = file ? view.info.state === 'paused' : holding;
    const text = file ? (paused ? 'Play' : 'Pause') : paused ? 'Go on' : 'Hold picture';
    setText(this.#pause, text);
    this.#pause.disabled = view === undefined || (file && (control === 'off' || view.info.state === 'ended'));
    this.#bar.hidden = !file;
    this.#bar.inert = control === 'off';
    if (!file || this.#seeking) return;
    const duration = view.info.duration ?? 0;
    // A file that is played again and again goes on counting.
    const pts = view.newest?.pts ?? 0;
    const place = duration > 0 ? (pts <= duration ? pts : pts % duration) : 0;
    this.#seek.disabled = duration === 0;
    this.#seek.max = String(duration);
    this.#seek.value = String(place);
    this.#say(place, duration);
  }

  #say(place: number, duration: number): void {
    const text = `${clock(place)} / ${duration > 0 ? clock(duration) : '?'}`;
    setText(this.#time, text);
    this.#seek.setAttribute('aria-valuetext', text);
  }
}

function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - 60 * minutes).toFixed(1).padStart(4, '0')}`;
}
