import { execFile } from 'node:child_process';
import { IngestError } from './errors.js';

/** What a finished tool left behind. */
export interface ToolResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface ToolPaths {
  readonly ffmpegPath?: string;
  readonly ffprobePath?: string;
}

export function ffmpegPath(options: ToolPaths): string {
  return options.ffmpegPath ?? (process.env.FFMPEG_PATH || 'ffmpeg');
}

export function ffprobePath(options: ToolPaths): string {
  return options.ffprobePath ?? (process.env.FFPROBE_PATH || 'ffprobe');
}

/** A local path as ffmpeg takes it literally, whatever characters it starts with or holds. */
export function fileUrl(path: string): string {
  return `file:${path}`;
}

/** `FFMPEG_NOT_FOUND` for a program that could not be started. */
export function notFound(path: string, cause: unknown): IngestError {
  return new IngestError(
    'FFMPEG_NOT_FOUND',
    `cannot start ${path}; install ffmpeg, or name it by FFMPEG_PATH and FFPROBE_PATH`,
    { cause: withoutArguments(cause) },
  );
}

/** What the system said, without the command line that Node adds: an address in it may hold a password. */
function withoutArguments(cause: unknown): Error {
  const { code, errno, syscall } = cause as NodeJS.ErrnoException;
  const said = typeof code === 'string' ? `${code} ${syscall?.split(' ')[0] ?? ''}`.trim() : 'killed';
  return Object.assign(new Error(said), { code, errno });
}

/**
 * Runs ffprobe or ffmpeg to its end. A process that is silent for `timeout` is killed outright (`SOURCE_STALLED`):
 * nothing here writes anything worth a graceful end.
 */
export function runTool(
  path: string,
  args: readonly string[],
  options: { timeout: number; signal?: AbortSignal; maxBytes?: number },
): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      path,
      args,
      {
        encoding: 'buffer',
        timeout: options.timeout,
        killSignal: 'SIGKILL',
        maxBuffer: options.maxBytes ?? 64 << 20,
        signal: options.signal,
        windowsHide: true,
      },
      (error, stdout, stderr) => {
        if (options.signal?.aborted) return reject(options.signal.reason);
        if (error && typeof error.code === 'string') return reject(notFound(path, error));
        if (error?.killed) {
          return reject(
            new IngestError('SOURCE_STALLED', `${path} gave no answer within ${options.timeout} ms`, {
              cause: withoutArguments(error),
            }),
          );
        }
        resolve({ exitCode: child.exitCode ?? 1, stdout, stderr: stderr.toString('utf8') });
      },
    );
    child.stdin?.end();
  });
}

const versions = new Map<string, Promise<number>>();

/**
 * The version of an ffmpeg as `major + minor / 100` (5.01 for 5.1.9); a build from git counts as newest. Asked once
 * for each path.
 */
export function ffmpegVersion(path: string, timeout: number): Promise<number> {
  let version = versions.get(path);
  if (!version) {
    version = runTool(path, ['-hide_banner', '-version'], { timeout }).then((result) =>
      parseVersion(result.stdout.toString('utf8')),
    );
    versions.set(path, version);
    version.catch(() => versions.delete(path));
  }
  return version;
}

/** See {@link ffmpegVersion}. */
export function parseVersion(text: string): number {
  const match = /^ffmpeg version n?(\d+)\.(\d+)/m.exec(text);
  return match ? Number(match[1]) + Number(match[2]) / 100 : Number.POSITIVE_INFINITY;
}
