import type { I420Picture } from '../common/index.js';

/** How a stream's pictures become I420, and what the result's numbers mean. */
export interface ColourPlan {
  /** Filter that leaves 4:2:0 8-bit planes untouched and converts anything else, never changing the range. */
  readonly filter: string;
  readonly range: I420Picture['range'];
  readonly matrix: I420Picture['matrix'];
}

const RGB = /^(0?(rgb|bgr|gbr)|argb|abgr|rgba|bgra|pal8|x2rgb|x2bgr|bayer|mono)/;

/**
 * @param pixelFormat ffmpeg's name (`yuv420p10le`)
 * @param colourRange ffprobe's `color_range` (`tv`, `pc`, absent)
 * @param colourSpace ffprobe's `color_space` (`bt709`, `smpte170m`, absent ...)
 */
export function planColour(
  pixelFormat: string,
  colourRange: string | undefined,
  colourSpace: string | undefined,
  width: number,
  height: number,
): ColourPlan {
  if (RGB.test(pixelFormat)) {
    return {
      filter: 'scale=out_color_matrix=bt601:out_range=limited,format=yuv420p',
      range: 'limited',
      matrix: 'bt601',
    };
  }
  const full = colourRange === 'pc' || pixelFormat.startsWith('yuvj');
  const range = full ? 'full' : 'limited';
  const matrix = matrixOf(colourSpace, width, height);
  if (pixelFormat === 'yuv420p' || pixelFormat === 'yuvj420p') {
    return { filter: `format=${pixelFormat}`, range, matrix };
  }
  return { filter: full ? 'format=yuvj420p' : 'format=yuv420p', range, matrix };
}

/** Where a stream does not say: BT.709 from 720 lines up, BT.601 below, as players assume. */
function matrixOf(colourSpace: string | undefined, width: number, height: number): I420Picture['matrix'] {
  switch (colourSpace) {
    case 'bt709':
    case 'smpte240m':
      return 'bt709';
    case 'bt2020nc':
    case 'bt2020c':
      return 'bt2020';
    case 'smpte170m':
    case 'bt470bg':
    case 'fcc':
      return 'bt601';
    default:
      return width >= 1280 || height >= 720 ? 'bt709' : 'bt601';
  }
}
