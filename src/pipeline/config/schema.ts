import { z } from 'zod';
import { BoxInput, BoxUnits, Label, StreamName, TargetId } from '../../stream/protocol/index.js';
import { TrackingConfig } from '../../tracker/index.js';

const milliseconds = (value: number) => z.number().min(0).default(value);

/** A target that a stream begins with. */
export const TargetConfig = z.strictObject({
  id: TargetId,
  label: Label.optional(),
  box: BoxInput,
  units: BoxUnits.default('pixels'),
});

/** One stream: a source and how it is read. */
export const StreamConfig = z.strictObject({
  name: StreamName,
  source: z
    .string()
    .min(1)
    .describe(
      'An address (rtsp, rtmp, http, srt, udp, ...), a webcam (/dev/video0), a file or a folder of stills.',
    ),
  transport: z.enum(['tcp', 'udp']).default('tcp').describe('How RTSP carries its media.'),
  stallTimeout: milliseconds(10_000).describe(
    'Milliseconds without a frame until a live source is opened again.',
  ),
  connectTimeout: milliseconds(15_000).describe(
    'Milliseconds from opening a live source to its first frame.',
  ),
  reconnect: z
    .strictObject({
      initial: milliseconds(500).describe('Milliseconds before the first new attempt.'),
      most: milliseconds(30_000).describe(
        'Each further one waits twice as long, at most this many milliseconds.',
      ),
      attempts: z
        .int()
        .positive()
        .optional()
        .describe('Attempts in a row until the stream is given up; never, without it.'),
    })
    .prefault({})
    .describe('When a lost live source is opened again.'),
  hardware: z
    .string()
    .min(1)
    .optional()
    .describe('Decode with this -hwaccel of ffmpeg: cuda, vaapi, videotoolbox, auto, ...'),
  loop: z.boolean().default(false).describe('Files: from the start again at the end.'),
  realtime: z
    .boolean()
    .default(true)
    .describe('Files: at their own speed; false is as fast as they can be tracked.'),
  fps: z.number().positive().optional().describe('Frames per second of a folder of stills; 25 without it.'),
  heldFrames: z
    .int()
    .min(1)
    .max(1000)
    .default(60)
    .describe('Frames held for targets that are added on a frame that has passed.'),
  heldBytes: z
    .int()
    .min(0)
    .default(128 * 2 ** 20)
    .describe('Most bytes of these frames; fewer are held where they are large.'),
  tracking: TrackingConfig.prefault({}).describe('How its targets are followed.'),
  targets: z.array(TargetConfig).default([]).describe('Targets put on the first frame that comes.'),
});

export const ModelConfig = z.strictObject({
  name: z.string().min(1).default('default').describe('A shipped model, a model folder or a model.json.'),
  threads: z.int().positive().max(256).default(1).describe('Threads of the network.'),
  precision: z
    .enum(['auto', 'float32', 'int8'])
    .default('auto')
    .describe('Which weights run; auto times both.'),
  provider: z.string().min(1).default('cpu').describe('ONNX Runtime execution provider.'),
});

const Token = z.string().min(8, 'at least 8 characters').max(1024);

export const ServerConfig = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. Beyond this machine a token is needed.'),
  port: z.int().min(0).max(65_535).default(8080).describe('Port to listen on; 0 is any free one.'),
  tokens: z
    .strictObject({
      control: z
        .array(Token)
        .default([])
        .describe('May do everything. SIAMTRACK_TOKEN in the environment is one more.'),
      watch: z
        .array(Token)
        .default([])
        .describe('May watch. SIAMTRACK_WATCH_TOKEN in the environment is one more.'),
    })
    .prefault({})
    .describe('Secrets that clients show.'),
  anonymous: z
    .enum(['auto', 'none', 'watch', 'control'])
    .default('auto')
    .describe('What clients without a token may do; auto is control where there are no tokens, else none.'),
  origins: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Other origins whose pages may connect, such as https://panel.example; the own one always may.',
    ),
  hosts: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Names besides localhost by which a loopback server may be called (guards against DNS rebinding).',
    ),
  tls: z
    .strictObject({ cert: z.string().min(1), key: z.string().min(1) })
    .optional()
    .describe('PEM files of certificate and key: serve https and wss.'),
});

export const LimitsConfig = z.strictObject({
  clients: z.int().positive().default(1000).describe('WebSocket clients at once.'),
  clientsPerAddress: z
    .int()
    .positive()
    .default(100)
    .describe('Of these, from one address (not counted for loopback).'),
  streams: z.int().positive().max(1000).default(32).describe('Streams at once.'),
  targetsPerStream: z.int().positive().max(1000).default(32).describe('Targets on one stream.'),
  messageBytes: z
    .int()
    .min(1024)
    .max(2 ** 20)
    .default(16_384)
    .describe('Longest message from a client.'),
  messagesPerSecond: z
    .number()
    .positive()
    .default(50)
    .describe('Commands per second of one client, in bursts of twice that.'),
  pendingBytes: z
    .int()
    .min(16_384)
    .default(262_144)
    .describe('Bytes on their way to one client above which frames are left out for it.'),
  silence: milliseconds(30_000).describe(
    'Milliseconds after which a client that stopped reading, or does not answer pings, is closed.',
  ),
  previewWidth: z.int().min(16).max(7680).default(1280).describe('Widest preview picture, pixels.'),
  previewRate: z
    .number()
    .positive()
    .max(120)
    .default(15)
    .describe('Most preview pictures per second of one stream.'),
  previewQuality: z.int().min(1).max(100).default(75).describe('JPEG quality of preview pictures.'),
});

export const ClientSourcesConfig = z
  .strictObject({
    protocols: z
      .array(z.enum(['rtsp', 'rtsps', 'rtmp', 'rtmps', 'http', 'https', 'srt']))
      .default([])
      .describe('Addresses that clients may open; none, and they open nothing but files.'),
    hosts: z
      .array(z.string().min(1))
      .default([])
      .describe('Of these, only on such hosts: names, or *.example.org; empty is any.'),
    privateNetworks: z
      .boolean()
      .default(false)
      .describe('Whether hosts may be on this machine or a private network.'),
    folders: z.array(z.string().min(1)).default([]).describe('Folders whose files clients may open.'),
  })
  .describe('What clients may open by addStream. By default nothing.');

/** `siamtrack.yaml`, with every default filled in. */
export const Config = z.strictObject({
  server: ServerConfig.prefault({}),
  limits: LimitsConfig.prefault({}),
  model: ModelConfig.prefault({}),
  clientSources: ClientSourcesConfig.prefault({}),
  streams: z
    .array(StreamConfig)
    .default([])
    .refine(
      (streams) => new Set(streams.map(({ name }) => name)).size === streams.length,
      'names that are all different',
    ),
  redis: z
    .string()
    .regex(/^rediss?:\/\/./, 'an address: redis://[user:password@]host[:port], or rediss:// for TLS')
    .optional()
    .describe('Pass on the streams that workers hold (siamtrack worker --live), found through this Redis.'),
  queue: z.string().min(1).default('siamtrack').describe("Name of the workers' queue in that Redis."),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info') })
    .prefault({}),
});

export type Config = z.output<typeof Config>;
export type StreamConfig = z.output<typeof StreamConfig>;
export type ServerConfig = z.output<typeof ServerConfig>;
export type LimitsConfig = z.output<typeof LimitsConfig>;
export type ClientSourcesConfig = z.output<typeof ClientSourcesConfig>;

/** The configuration file as a JSON Schema (draft 2020-12). */
export function configSchema(): Record<string, unknown> {
  return z.toJSONSchema(Config, { io: 'input' }) as Record<string, unknown>;
}
