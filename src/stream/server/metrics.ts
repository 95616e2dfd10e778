import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { StreamInfo } from '../protocol/index.js';

const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.033, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/** What a server counts, for Prometheus. Streams are labels; sources, which may hold secrets, are not. */
export class Metrics {
  readonly registry = new Registry();
  readonly #delay: Histogram<'stream'>;
  readonly #search: Histogram<'stream'>;
  readonly #preview: Histogram;
  readonly #sent: Counter<'kind'>;
  readonly #missed: Counter<'kind'>;
  readonly #commands: Counter<'type' | 'code'>;

  constructor(now: { readonly clients: () => number; readonly streams: () => readonly StreamInfo[] }) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: 'siamtrack_clients',
      help: 'WebSocket clients that are connected',
      registers,
      collect() {
        this.set(now.clients());
      },
    });
    for (const [name, help, read] of STREAM_METRICS)
      new Gauge({
        name,
        help,
        registers,
        labelNames: ['stream'],
        collect() {
          this.reset();
          for (const info of now.streams()) this.set({ stream: info.stream }, read(info));
        },
      });
    const histogram = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Histogram({ name, help, registers, labelNames, buckets: SECONDS });
    this.#delay = histogram('siamtrack_delay_seconds', 'From a decoded frame to its message', ['stream']);
    this.#search = histogram('siamtrack_search_seconds', 'Finding all targets in a frame', ['stream']);
    this.#preview = histogram('siamtrack_preview_seconds', 'Making a preview picture', []);
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Counter({ name, help, registers, labelNames });
    this.#sent = counter('siamtrack_messages_sent_total', 'Boxes and previews for clients', ['kind']);
    this.#missed = counter('siamtrack_messages_missed_total', 'Of these, left out for slow clients', [
      'kind',
    ]);
    this.#commands = counter('siamtrack_commands_total', 'Commands by type and outcome', ['type', 'code']);
  }

  frame(stream: string, delaySeconds: number, searchSeconds: number | undefined): void {
    this.#delay.observe({ stream }, delaySeconds);
    if (searchSeconds !== undefined) this.#search.observe({ stream }, searchSeconds);
  }

  preview(seconds: number): void {
    this.#preview.observe(seconds);
  }

  sent(kind: 'boxes' | 'previews', count: number): void {
    this.#sent.inc({ kind }, count);
  }

  missed(kind: 'boxes' | 'previews'): void {
    this.#missed.inc({ kind });
  }

  command(type: string, code: string): void {
    this.#commands.inc({ type, code });
  }

  /** A stream has gone: so does what was counted of it. */
  forget(stream: string): void {
    this.#delay.remove({ stream });
    this.#search.remove({ stream });
  }
}

/** Counts that streams keep themselves. They start again with a stream, so they are gauges in prom-client and counters in meaning. */
const STREAM_METRICS: readonly (readonly [string, string, (info: StreamInfo) => number])[] = [
  ['siamtrack_stream_live', '1 while frames come', ({ state }) => (state === 'live' ? 1 : 0)],
  ['siamtrack_stream_targets', 'Targets followed', ({ targets }) => targets.length],
  [
    'siamtrack_stream_targets_lost',
    'Targets whose state is lost',
    ({ targets }) => targets.filter(({ state }) => state === 'lost').length,
  ],
  ['siamtrack_frames_decoded_total', 'Frames that came from the decoder', ({ counts }) => counts.decoded],
  [
    'siamtrack_frames_tracked_total',
    'Frames in which targets were looked for',
    ({ counts }) => counts.tracked,
  ],
  ['siamtrack_frames_skipped_total', 'Frames let go for a newer one', ({ counts }) => counts.skipped],
  ['siamtrack_reconnects_total', 'Times a source was opened again', ({ counts }) => counts.reconnects],
  ['siamtrack_stalls_total', 'Times no frame came for the stall timeout', ({ counts }) => counts.stalls],
];
