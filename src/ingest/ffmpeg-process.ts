import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';
import { notFound } from './ffmpeg-tools.js';

/** How an ffmpeg ended. */
export interface FfmpegExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface FfmpegRun {
  readonly path: string;
  /** Options before the input, each word its own element. */
  readonly inputOptions: readonly string[];
  /** The input as ffmpeg names it. */
  readonly input: string;
  readonly outputOptions: readonly string[];
  /** Receives what ffmpeg writes; its back-pressure is ffmpeg's. */
  readonly output: Writable;
  /** Each line of ffmpeg's log, without its line break. */
  readonly onLine: (line: string) => void;
}

const running = new Set<ChildProcess>();

/** Node gives no other moment to end a child when its own process ends by an uncaught error or `process.exit`. */
function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/**
 * One ffmpeg, started through fluent-ffmpeg, and what fluent-ffmpeg leaves to its user: the path is this command's own
 * and not the whole process's; no `ffmpeg -formats` and `-encoders` before each first run (their tables changed
 * in ffmpeg 7 and are misread); a start that fails; the true exit, after the log has been read to its end; and an end that is certain.
 */
export class FfmpegProcess {
  /** Resolves when the process has gone and its log is read; rejects (`FFMPEG_NOT_FOUND`) if it never started. */
  readonly exited: Promise<FfmpegExit>;
  #child?: ChildProcess;
  #stopped = false;

  constructor(run: FfmpegRun) {
    this.exited = new Promise((resolve, reject) => {
      // Two or more arguments each: a lone one would be split at its spaces.
      const command = ffmpeg({ stdoutLines: 1 })
        .input(run.input)
        .inputOptions(...(run.inputOptions as [string, string]))
        .outputOptions(...(run.outputOptions as [string, string]))
        .output(run.output, { end: true });
      Object.assign(command, {
        _getFfmpegPath: (done: (error: null, path: string) => void) => done(null, run.path),
        _checkCapabilities: (done: (error: null) => void) => done(null),
        availableEncoders: (done: (error: null, encoders: object) => void) => done(null, {}),
      });
      const started: { ffmpegProc?: ChildProcess } = command as object;
      command.on('stderr', run.onLine);
      command.on('start', () => {
        const child = started.ffmpegProc!;
        this.#child = child;
        if (child.pid !== undefined) track(child);
        // Its own listener fails on an ffmpeg that cannot be started, and takes the whole process down.
        child.removeAllListeners('error').once('error', (error) => reject(notFound(run.path, error)));
        child.once('close', (code, signal) => resolve({ code, signal }));
        child.stdin?.on('error', () => {}).end();
        if (this.#stopped) child.kill('SIGKILL');
      });
      // Everything it can say is known from the child itself, and it may say it before the child has gone.
      command.on('error', (error) => {
        if (!this.#child) reject(notFound(run.path, error));
      });
      command.run();
    });
    this.exited.catch(() => {});
  }

  /**
   * Ends the process: no more output is taken, SIGTERM, then SIGKILL after `killTimeout` milliseconds. Resolves when
   * it has gone, however it ended.
   */
  async stop(killTimeout: number): Promise<void> {
    this.#stopped = true;
    const child = this.#child;
    if (!child) {
      await this.exited.catch(() => {});
      return;
    }
    // An ffmpeg blocked in a write notices SIGTERM only when the write ends; a grandchild notices nothing else.
    child.stdout?.unpipe();
    child.stdout?.destroy();
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), killTimeout);
      await gone;
      clearTimeout(timer);
    }
    // A grandchild may hold the log open for longer; nobody reads it any more.
    child.stderr?.destroy();
    await this.exited.catch(() => {});
  }
}

function track(child: ChildProcess): void {
  if (running.size === 0) process.on('exit', killAll);
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
    if (running.size === 0) process.off('exit', killAll);
  });
}
