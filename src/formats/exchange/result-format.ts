import { RESULT_FORMATS, type ResultFormat } from '../names.js';

/** Facts about the video that some formats need. What is left out is taken from the messages. */
export interface ResultSource {
  /** What to call the video: its file name, without credentials. */
  readonly name: string;
  /** Average frames per second. */
  readonly frameRate?: number;
  /** How many frames the video has; the last message's frame counts where it is later. */
  readonly frameCount?: number;
  /** Upright size in pixels. */
  readonly width?: number;
  readonly height?: number;
  /** Seconds. */
  readonly duration?: number;
  /** ffmpeg's name of the codec. */
  readonly codec?: string;
}

const ENDINGS: Readonly<Record<ResultFormat, string>> = {
  jsonl: '.jsonl',
  mot: '.mot.txt',
  cvat: '.cvat.xml',
  'coco-vid': '.coco-vid.json',
  vot: '.vot',
  otb: '.otb',
  got10k: '.got10k',
  'label-studio': '.label-studio.json',
  webvtt: '.vtt',
  onvif: '.onvif.xml',
};

const FOLDERS: readonly ResultFormat[] = ['vot', 'otb', 'got10k'];

/** Whether a format is a folder with one folder for each target, and not a single file. */
export function isFolderFormat(format: ResultFormat): boolean {
  return FOLDERS.includes(format);
}

/**
 * The name that results of a video have in a format.
 *
 * @param stem the video's name without its extension
 * @example
 * resultFileName('mot', 'street'); // 'street.mot.txt'
 */
export function resultFileName(format: ResultFormat, stem: string): string {
  return stem + ENDINGS[format];
}

/** The format that a file's name tells of, longest ending first; `undefined` where it tells of none. */
export function formatOfName(name: string): ResultFormat | undefined {
  const lower = name.toLowerCase().replace(/[/\\]+$/, '');
  return RESULT_FORMATS.find((format) => lower.endsWith(ENDINGS[format]));
}
