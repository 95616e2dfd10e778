import type { PreviewHeader } from '../protocol/index.js';
import { byId, setText } from './dom.js';
import type { Session } from './session.js';
import type { TargetNow } from './stream-view.js';
import { stateText } from './streams-panel.js';
import { describeTimeline, Timeline, type TimelineRow } from './timeline.js';
import { connectionText, delayText, rateText } from './words.js';

/** Milliseconds between two descriptions of the timeline in words. */
const DESCRIBE = 5000;

/** How the connection and the shown stream stand: states, rates, delays, and the timeline. */
export class Status {
  readonly #timeline = new Timeline(byId('timeline', HTMLCanvasElement));
  #described = 0;

  /**
   * @param shown the picture that is shown
   * @param nameOf what a target is called here
   */
  render(
    { state, view, clock }: Session,
    shown: PreviewHeader | undefined,
    nameOf: (target: TargetNow) => string,
  ): void {
    const now = Date.now();
    const say = (id: string, text: string) => setText(byId(id, HTMLElement), text);
    say('connection', state.kind === 'waiting' ? 'Not connected' : connectionText(state, now));
    say('banner-text', connectionText(state, now));
    const known = view && state.kind === 'open';
    say('stream-name', view?.name ?? 'No stream');
    say('stream-state', known ? stateText(view.info) : '');
    byId('stream-state', HTMLElement).dataset.state = known ? view.info.state : '';
    say('trouble', view?.trouble ?? '');
    say('frame', shown ? `frame ${shown.frame}` : '');
    say('stat-boxes', rateText(view?.boxes.rate(now)));
    say('stat-delay', delayText(view?.boxes.median(now)));
    say('stat-pictures', rateText(view?.pictures.rate(now)));
    say('stat-latency', delayText(view?.pictures.median(now)));
    say('stat-missed', String((view?.missed.boxes ?? 0) + (view?.missed.previews ?? 0)));
    const rows: TimelineRow[] = (view?.targets ?? []).map((target) => ({
      name: nameOf(target),
      colour: view?.colours.of(target.id) ?? '',
      track: view?.tracks.get(target.id),
      selected: view?.selected === target.id,
    }));
    this.#renderTimeline(rows, clock.now(now), shown?.time, now);
  }

  #renderTimeline(
    rows: readonly TimelineRow[],
    serverNow: number,
    shown: number | undefined,
    now: number,
  ): void {
    byId('timeline-panel', HTMLElement).hidden = rows.length === 0;
    if (rows.length === 0) return;
    this.#timeline.draw(rows, serverNow, shown);
    if (now - this.#described < DESCRIBE) return;
    this.#described = now;
    byId('timeline', HTMLElement).setAttribute('aria-label', describeTimeline(rows, serverNow));
  }
}
