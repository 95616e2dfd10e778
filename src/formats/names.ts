/** Names of formats that results can be written in. */
export const RESULT_FORMATS = [
  'jsonl',
  'mot',
  'cvat',
  'coco-vid',
  'vot',
  'otb',
  'got10k',
  'label-studio',
  'webvtt',
  'onvif',
] as const;

/** One of {@link RESULT_FORMATS}. */
export type ResultFormat = (typeof RESULT_FORMATS)[number];

/** Formats that results can be read back from. */
export const READABLE_FORMATS = [
  'jsonl',
  'mot',
  'cvat',
  'coco-vid',
  'vot',
  'otb',
  'got10k',
] as const satisfies readonly ResultFormat[];
