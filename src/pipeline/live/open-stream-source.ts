import type { StreamConfig } from '../config/index.js';
import { FilePlayer } from './file-player.js';
import { LiveStreamSource } from './live-source.js';
import type { OpenStreamSource } from './stream-source.js';

/** Frames a source may have out beside those that are held: read ahead, searched, made into a preview. */
const BESIDE_HELD = 16;

/** Whether a source is read as a file (every frame, may be sought) rather than live (newest frame wins). */
export function isFile(source: string): boolean {
  return !/^[a-z][a-z0-9+.-]+:/i.test(source) && !source.startsWith('/dev/');
}

/** How a stream of the configuration is opened. */
export function openStreamSource(config: StreamConfig): OpenStreamSource {
  const { source, transport, stallTimeout, connectTimeout, hardware, loop, realtime, fps } = config;
  const maxFrames = config.heldFrames + BESIDE_HELD;
  if (isFile(source)) return (onEvent) => new FilePlayer(source, { fps, loop, realtime, maxFrames, onEvent });
  const { initial, most, attempts } = config.reconnect;
  const reconnect = { initialMs: initial, maxMs: Math.max(initial, most), attempts };
  const options = { transport, stallTimeout, connectTimeout, hardware, loop, realtime, maxFrames, reconnect };
  return (onEvent) => new LiveStreamSource(source, options, onEvent);
}
