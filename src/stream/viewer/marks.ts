import type { Box } from '../../common/index.js';

/** A box drawn by hand for `siamtrack batch`. */
export interface Mark {
  /** The stream it was drawn on. */
  readonly stream: string;
  /** The file, as the server names it. */
  readonly video: string;
  readonly id: string;
  readonly frame: number;
  /** Pixels of the upright frame. */
  readonly box: Box;
  /** Whether the target is to be followed from here to the first frame of the video too. */
  readonly backwards: boolean;
}

/** The smallest whole number that is no id among the marks of a video. */
export function nextMarkId(marks: readonly Mark[], video: string): string {
  const taken = new Set(marks.filter((mark) => mark.video === video).map(({ id }) => id));
  let number = 1;
  while (taken.has(String(number))) number++;
  return String(number);
}

/** A targets file of `siamtrack batch`, as CSV. */
export function marksCsv(marks: readonly Mark[]): string {
  const header = 'video,id,label,start,x,y,width,height,units,backwards';
  const lines = marks.map(({ video, id, frame, box, backwards }) =>
    [video, id, '', frame, ...box, 'pixels', backwards ? 'yes' : 'no'].map(cell).join(','),
  );
  return [header, ...lines].map((line) => `${line}\n`).join('');
}

/** A targets file of `siamtrack batch`, as JSON. */
export function marksJson(marks: readonly Mark[]): string {
  const videos = new Map<string, object[]>();
  for (const { video, id, frame, box, backwards } of marks) {
    const target = { id, start: { frame }, box, units: 'pixels', backwards };
    videos.set(video, [...(videos.get(video) ?? []), target]);
  }
  return `${JSON.stringify(Object.fromEntries(videos), null, 2)}\n`;
}

function cell(value: string | number): string {
  const text = String(value);
  return /[",\r\n#]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
