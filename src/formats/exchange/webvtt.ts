import type { BoxMessage } from '../box-message.js';
import type { TextSink } from './text-file.js';
import type { WriteJob } from './write-job.js';

/**
 * WebVTT for `<track kind="metadata">`: one cue for each message, from its pts to the next frame's. The cue's id is the frame's index,
 * its text one JSON object `{frame, pts, size, targets}`: cue times have milliseconds, `pts` has them all. A lost target has a
 * state and no box. Times before 0, which WebVTT lacks, become 0.
 */
export async function writeWebVtt(out: TextSink, { messages, source, survey }: WriteJob): Promise<void> {
  const { frameRate } = await survey();
  await out.write(`WEBVTT\n\nNOTE ${noteText(source.name)}\n`);
  let before: BoxMessage | undefined;
  for await (const message of messages()) {
    const adjacent = before && message.frame === before.frame + 1 && message.pts > before.pts;
    if (before) await out.write(cue(before, adjacent ? message.pts : before.pts + 1 / frameRate));
    before = message;
  }
  if (before) await out.write(cue(before, before.pts + 1 / frameRate));
}

function cue({ frame, pts, size, targets }: BoxMessage, end: number): string {
  const from = Math.max(0, Math.round(pts * 1000));
  const to = Math.max(from + 1, Math.round(end * 1000));
  const told = targets.map((target) => {
    if (target.state !== 'lost') return target;
    const { id, label, state } = target;
    return { id, ...(label === undefined ? {} : { label }), state };
  });
  // Cue text must not hold "-->" or blank lines; "<" and "&" would be markup to a reader that takes it for captions.
  const text = JSON.stringify({ frame, pts, size, targets: told }).replace(/[<>&]/g, escapeCharacter);
  return `\n${frame}\n${timestamp(from)} --> ${timestamp(to)}\n${text}\n`;
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Milliseconds as `hh:mm:ss.ttt`; hours have as many digits as they need. */
function timestamp(ms: number): string {
  const part = (value: number, digits: number) => String(value).padStart(digits, '0');
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  return `${part(hours, 2)}:${part(minutes, 2)}:${part(Math.floor(ms / 1000) % 60, 2)}.${part(ms % 1000, 3)}`;
}

function noteText(name: string): string {
  return name.replace(/\s+/g, ' ').replaceAll('-->', '->');
}
