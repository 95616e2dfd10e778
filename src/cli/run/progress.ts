import { type Options, SingleBar } from 'cli-progress';

/** How far a command has come, shown on a terminal and nowhere else. */
export interface Progress {
  /** @param value items done so far @param note a short text to show behind the bar */
  update(value: number, note?: string): void;
  /** Takes the bar off the terminal. Safe to call more than once. */
  stop(): void;
}

const SHOW_AFTER_MS = 1000;

const SILENT: Progress = { update: () => undefined, stop: () => undefined };

/**
 * A progress bar on stderr. Nothing is shown where stderr is not a terminal, nor for work that ends within a second.
 *
 * @param label what is being done, e.g. `tracking`
 * @param total how many items there are; omit where it is not known (a count is shown instead of a bar)
 * @param unit what an item is, e.g. `frames`
 */
export function createProgress(label: string, total?: number, unit = 'frames'): Progress {
  if (!process.stderr.isTTY) return SILENT;
  const known = total !== undefined && total > 0;
  const options: Options = {
    stream: process.stderr,
    format: known
      ? `${label} {bar} {value}/{total} ${unit}, {eta_formatted} left {note}`
      : `${label} {value} ${unit}, {duration_formatted} {note}`,
    hideCursor: true,
    clearOnComplete: true,
    fps: 5,
    etaBuffer: 200,
  };
  const bar = new SingleBar(options);
  const begun = performance.now();
  let state: 'waiting' | 'shown' | 'stopped' = 'waiting';
  return {
    update(value, note = '') {
      if (state === 'stopped') return;
      if (state === 'waiting') {
        if (performance.now() - begun < SHOW_AFTER_MS) return;
        state = 'shown';
        bar.start(known ? total : 0, value, { note });
        return;
      }
      bar.update(value, { note });
    },
    stop() {
      if (state === 'shown') bar.stop();
      state = 'stopped';
    },
  };
}
