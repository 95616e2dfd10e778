import { type ColourPlan, planColour } from './colour.js';
import { IngestError } from './errors.js';
import { failureCode } from './failure.js';
import { ffprobePath, runTool } from './ffmpeg-tools.js';
import type { SourceInfo, SourceOptions } from './source.js';
import type { VideoInput } from './video-input.js';

/** A video stream as its container describes it. */
export interface VideoProbe {
  readonly info: SourceInfo;
  readonly colour: ColourPlan;
  /** Whether its end is in sight: the container tells a duration, or the address its length. */
  readonly finite: boolean;
}

interface ProbedStream {
  readonly codec_name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly pix_fmt?: string;
  readonly color_range?: string;
  readonly color_space?: string;
  readonly avg_frame_rate?: string;
  readonly r_frame_rate?: string;
  readonly nb_frames?: string;
  readonly duration?: string;
  readonly tags?: { readonly rotate?: string };
  readonly side_data_list?: readonly { readonly rotation?: number }[];
}

/** Asks ffprobe for the first video stream that is not a cover picture. `NOT_A_VIDEO` where there is none. */
export async function probeVideo(input: VideoInput, options: SourceOptions): Promise<VideoProbe> {
  const { exitCode, stdout, stderr } = await runTool(
    ffprobePath(options),
    [
      ...['-hide_banner', '-loglevel', 'error', '-select_streams', 'V:0', '-of', 'json'],
      ...['-show_streams', '-show_format', ...input.options, '-i', input.input],
    ],
    { timeout: options.stallTimeout ?? 60_000, signal: options.signal },
  );
  const parsed = (exitCode === 0 ? JSON.parse(stdout.toString('utf8')) : {}) as {
    streams?: ProbedStream[];
    format?: { duration?: string; size?: string; format_name?: string };
  };
  const stream = parsed.streams?.[0];
  if (!stream?.width || !stream.height) {
    const said = input.redact(stderr.trim().split('\n').slice(-2).join('; '));
    throw new IngestError(
      (input.url && failureCode(said)) || 'NOT_A_VIDEO',
      `expected a file with a video stream, got ${input.name}${said ? ` (ffprobe: ${said})` : ''}`,
    );
  }
  const rotation = rotationOf(stream);
  const turned = rotation === 90 || rotation === 270;
  const width = turned ? stream.height : stream.width;
  const height = turned ? stream.width : stream.height;
  return {
    info: {
      kind: 'video',
      width,
      height,
      frameRate: rate(stream.avg_frame_rate) ?? rate(stream.r_frame_rate),
      frameCount: positive(stream.nb_frames),
      duration: positive(stream.duration) ?? positive(parsed.format?.duration),
      codec: stream.codec_name,
      rotation,
    },
    finite: hasEnd(parsed.format ?? {}),
    colour: planColour(stream.pix_fmt ?? 'unknown', stream.color_range, stream.color_space, width, height),
  };
}

/** A playlist's own length says nothing of what it lists. */
function hasEnd(format: { duration?: string; size?: string; format_name?: string }): boolean {
  if (positive(format.duration) !== undefined) return true;
  return positive(format.size) !== undefined && format.format_name !== 'hls';
}

/** Containers state a counter-clockwise display matrix; a frame is turned clockwise to be upright. */
function rotationOf(stream: ProbedStream): SourceInfo['rotation'] {
  const matrix = stream.side_data_list?.find((data) => typeof data.rotation === 'number')?.rotation;
  const clockwise = matrix !== undefined ? -matrix : Number(stream.tags?.rotate ?? 0);
  const quarter = (((Math.round(clockwise / 90) % 4) + 4) % 4) * 90;
  return quarter as SourceInfo['rotation'];
}

function rate(text: string | undefined): number | undefined {
  const [numerator, denominator] = (text ?? '').split('/').map(Number);
  return numerator > 0 && denominator > 0 ? numerator / denominator : undefined;
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text);
  return value > 0 ? value : undefined;
}
