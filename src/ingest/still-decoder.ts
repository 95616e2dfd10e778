import { extname } from 'node:path';
import { ffmpegPath, fileUrl, runTool } from './ffmpeg-tools.js';
import type { SourceOptions } from './source.js';

/** Packed 8-bit pixels of one picture, upright. */
export interface StillPixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array;
}

const EXTENSIONS = new Set(['.jpg', '.jpeg', '.jpe', '.png', '.webp', '.bmp', '.tif', '.tiff', '.avif']);

/** Whether a file's name is that of a picture. */
export function isStill(path: string): boolean {
  return EXTENSIONS.has(extname(path).toLowerCase());
}

/** Decodes one picture, turned upright by its EXIF orientation. Throws whatever its decoder throws. */
export async function decodeStill(path: string, options: SourceOptions): Promise<StillPixels> {
  // libvips as sharp ships it does not read BMP; ffmpeg does.
  if (extname(path).toLowerCase() === '.bmp') return decodeBmp(path, options);
  // Loaded when there is a picture to decode: most sources are videos, and it takes a while.
  const { default: sharp } = await import('sharp');
  const { data, info } = await sharp(path, { failOn: 'error', limitInputPixels: 0x3fff * 0x3fff })
    .rotate()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels as 1 | 2 | 3 | 4, data };
}

/** As PPM, which carries its size. */
async function decodeBmp(path: string, options: SourceOptions): Promise<StillPixels> {
  const { exitCode, stdout, stderr } = await runTool(
    ffmpegPath(options),
    [
      ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-f', 'bmp_pipe', '-i', fileUrl(path)],
      ...['-frames:v', '1', '-pix_fmt', 'rgb24', '-f', 'image2pipe', '-c:v', 'ppm', 'pipe:1'],
    ],
    { timeout: options.stallTimeout ?? 60_000, signal: options.signal, maxBytes: 1 << 30 },
  );
  const header = /^P6\s(\d+)\s(\d+)\s255\s/.exec(stdout.toString('latin1', 0, 64));
  if (exitCode !== 0 || !header) throw new Error(stderr.trim() || 'not a BMP picture');
  const width = Number(header[1]);
  const height = Number(header[2]);
  return { width, height, channels: 3, data: stdout.subarray(header[0].length) };
}
