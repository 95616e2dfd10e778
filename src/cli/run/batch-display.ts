import { stat } from 'node:fs/promises';
import { MultiBar, type SingleBar } from 'cli-progress';
import type { BatchEvent, BatchInput, BatchSummary, VideoResult } from '../../batch/index.js';
import { describeError } from '../exit.js';

/** Shows a batch to whoever looks: a person at a terminal, a log, or a program. */
export interface BatchDisplay {
  event(event: BatchEvent): void;
  /** Ends the display; the summary is the last thing shown. */
  end(summary: BatchSummary): void;
  /** Ends the display without a summary, before an error is told. */
  stop(): void;
}

const LINE_EVERY_MS = 10_000;

/** @param json one event a line on stdout; otherwise bars on a terminal, and plain lines elsewhere */
export async function createBatchDisplay(
  inputs: readonly BatchInput[],
  json: boolean,
): Promise<BatchDisplay> {
  if (json) return jsonDisplay();
  const overall = await Overall.of(inputs);
  return process.stderr.isTTY ? new BarDisplay(overall) : new LineDisplay(overall);
}

function jsonDisplay(): BatchDisplay {
  const line = (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    event: line,
    end: ({ videos: _, ...summary }) => line({ type: 'summary', ...summary }),
    stop: () => undefined,
  };
}

/** How far all videos together are, each weighted by its bytes: the best guess at its length before it has been opened. */
class Overall {
  readonly videos: number;
  finished = 0;
  readonly #weights: ReadonlyMap<string, number>;
  readonly #all: number;
  readonly #shares = new Map<string, number>();
  readonly #begun = performance.now();
  #before = 0;

  private constructor(weights: ReadonlyMap<string, number>) {
    this.#weights = weights;
    this.videos = weights.size;
    this.#all = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  }

  static async of(inputs: readonly BatchInput[]): Promise<Overall> {
    const weights = new Map<string, number>();
    for (const { name, location, kind } of inputs) {
      const size = kind === 'video' ? (await stat(location).catch(() => null))?.size : undefined;
      weights.set(name, size ?? 1 << 20);
    }
    return new Overall(weights);
  }

  /** @param before whether it had been done in another run: that share took none of this run's time */
  set(name: string, share: number, before = false): void {
    const weight = this.#weights.get(name) ?? 0;
    if (before) this.#before += weight * (share - (this.#shares.get(name) ?? 0));
    this.#shares.set(name, share);
  }

  get share(): number {
    let sum = 0;
    for (const [name, share] of this.#shares) sum += share * (this.#weights.get(name) ?? 0);
    return this.#all === 0 ? 1 : Math.min(1, sum / this.#all);
  }

  /** Time left, in words; empty while too little is known. */
  get left(): string {
    const share = this.share - this.#before / this.#all;
    if (share < 0.002) return '';
    return `${duration((((performance.now() - this.#begun) / 1000) * (1 - this.share)) / share)} left`;
  }

  apply(event: BatchEvent): void {
    if (event.type === 'started' && event.total) this.set(event.name, event.done / event.total, true);
    else if (event.type === 'progress' && event.total)
      this.set(event.name, Math.min(1, event.done / event.total));
    else if (event.type === 'video') {
      this.finished++;
      this.set(event.name, 1, event.status === 'skipped');
    }
  }
}

/** One bar for each running video and one below for all. */
class BarDisplay implements BatchDisplay {
  readonly #overall: Overall;
  readonly #bars: MultiBar;
  readonly #all: SingleBar;
  readonly #running = new Map<string, SingleBar>();

  constructor(overall: Overall) {
    this.#overall = overall;
    const format = '{name} {bar} {percentage}% {note}';
    this.#bars = new MultiBar({
      stream: process.stderr,
      format,
      hideCursor: true,
      clearOnComplete: true,
      fps: 5,
    });
    this.#all = this.#bars.create(1000, 0, { name: 'all'.padEnd(24), note: '' });
  }

  event(event: BatchEvent): void {
    this.#overall.apply(event);
    if (event.type === 'warning') this.#bars.log(`${warning(event)}\n`);
    else if (event.type === 'started' || event.type === 'progress') {
      const { name, done, total } = event;
      let bar = this.#running.get(name);
      if (!bar) {
        const short = name.length > 24 ? `…${name.slice(-23)}` : name.padEnd(24);
        bar = this.#bars.create(total ?? 0, 0, { name: short, note: '' });
        this.#running.set(name, bar);
      }
      bar.update(done, { note: total === undefined ? `${done} frames` : `${done}/${total} frames` });
    } else if (event.type === 'video') {
      const bar = this.#running.get(event.name);
      if (bar) this.#bars.remove(bar);
      this.#running.delete(event.name);
      if (event.error) this.#bars.log(`${videoLine(event)}\n`);
    }
    const note = `${this.#overall.finished}/${this.#overall.videos} videos ${this.#overall.left}`;
    this.#all.update(Math.round(1000 * this.#overall.share), { note });
  }

  end(summary: BatchSummary): void {
    this.stop();
    process.stdout.write(formatSummary(summary));
  }

  stop(): void {
    this.#bars.stop();
  }
}

/** For logs: a line for each video that ends, and now and then how far all are. */
class LineDisplay implements BatchDisplay {
  readonly #overall: Overall;
  #told = performance.now();

  constructor(overall: Overall) {
    this.#overall = overall;
  }

  event(event: BatchEvent): void {
    this.#overall.apply(event);
    const say = (text: string) => void process.stderr.write(`${text}\n`);
    if (event.type === 'batch') say(`${event.videos} videos, ${event.precision}, into ${event.out}`);
    else if (event.type === 'warning') say(warning(event));
    else if (event.type === 'started' && event.done > 0)
      say(`${event.name}: goes on after ${event.done} frames`);
    else if (event.type === 'video') say(videoLine(event));
    else if (performance.now() - this.#told > LINE_EVERY_MS) {
      this.#told = performance.now();
      const { finished, videos, share, left } = this.#overall;
      say(`${finished}/${videos} videos, ${(100 * share).toFixed(1)} %${left && `, ${left}`}`);
    }
  }

  end(summary: BatchSummary): void {
    process.stdout.write(formatSummary(summary));
  }

  stop(): void {}
}

function warning({ name, message }: Extract<BatchEvent, { type: 'warning' }>): string {
  return `warning: ${name === undefined ? '' : `${name}: `}${message}`;
}

function videoLine({ name, status, frames, followed, seconds, error }: VideoResult): string {
  const speed = followed > 0 && seconds > 0 ? `, ${(followed / seconds).toFixed(1)} frames/s` : '';
  const why = error ? `: ${error.code}: ${error.message}` : '';
  return `${name}: ${status}, ${frames} frames${speed}${why}`;
}

/** The summary as a table: every video, then the counts. */
export function formatSummary({ videos, counts, followed, seconds }: BatchSummary): string {
  const rows = videos.map((video) => [
    video.name,
    video.status,
    String(video.frames),
    video.followed > 0 && video.seconds > 0 ? (video.followed / video.seconds).toFixed(1) : '',
    video.error ? video.error.code : '',
  ]);
  const table = [['video', 'status', 'frames', 'frames/s', 'problem'], ...rows];
  const widths = table[0].map((_, k) => Math.max(...table.map((row) => row[k].length)));
  const right = [false, false, true, true, false];
  const lines = table.map((row) =>
    row
      .map((cell, k) => (right[k] ? cell.padStart(widths[k]) : cell.padEnd(widths[k])))
      .join('  ')
      .trimEnd(),
  );
  const parts = Object.entries(counts).flatMap(([status, count]) =>
    count > 0 ? [`${count} ${status}`] : [],
  );
  const speed =
    followed > 0 && seconds > 0 ? `, ${followed} frames followed, ${(followed / seconds).toFixed(1)}/s` : '';
  return `${lines.join('\n')}\n${parts.join(', ')} in ${duration(seconds)}${speed}\n`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** An error in one line. */
export function brief(error: unknown): string {
  return describeError(error).split('\n')[0];
}
