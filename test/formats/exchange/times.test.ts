import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebVTTParser } from 'webvtt-parser';
import { ensureFixture } from '../../../fixtures/index.js';
import { type BoxMessage, boxMessage } from '../../../src/formats/index.js';
import { openSource } from '../../../src/ingest/index.js';
import { ffmpeg, probedTimes, scratch } from '../../ingest/clips.js';
import { writtenText } from './written.js';

let place: Awaited<ReturnType<typeof scratch>>;
let steady: string;
let uneven: string;

beforeAll(async () => {
  place = await scratch();
  steady = (await ensureFixture('moving')).video;
  uneven = join(place.folder, 'uneven.mkv');
  // Every seventh frame is gone and the first one is at 1.4 s.
  const choice = "select='not(eq(mod(n,7),3))',trim=end_frame=40";
  const coding = ['-vsync', 'vfr', '-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2'];
  await ffmpeg('-i', steady, '-vf', choice, ...coding, '-output_ts_offset', '1.4', uneven);
});
afterAll(() => place.remove());

/** What tracking one target through a video reports. */
async function messagesOf(video: string): Promise<BoxMessage[]> {
  const messages: BoxMessage[] = [];
  for await (const frame of await openSource(video)) {
    const target = { id: '1', box: [1, 2, 30, 40] as const, score: 1, state: 'tracking' as const };
    messages.push(boxMessage(video, frame, [target]));
    frame.release();
  }
  return messages;
}

describe.each([
  ['a steady clip', () => steady],
  ['an uneven clip that does not start at 0', () => uneven],
])('frames and times of %s are those of ffprobe', (_, video) => {
  let messages: BoxMessage[];
  let times: number[];
  beforeAll(async () => {
    messages = await messagesOf(video());
    times = await probedTimes(video());
    expect(times.length).toBeGreaterThan(30);
  });

  it('in COCO-VID', async () => {
    const { images } = JSON.parse(await writtenText('coco-vid', messages));
    expect(images.map(({ pts }: { pts: number }) => pts)).toEqual(times);
    expect(images.map(({ frame_id }: { frame_id: number }) => frame_id)).toEqual([...times.keys()]);
  });

  it('in Label Studio', async () => {
    const [{ predictions }] = JSON.parse(await writtenText('label-studio', messages));
    const { sequence } = predictions[0].result[0].value;
    expect(sequence.map(({ time }: { time: number }) => time)).toEqual(times);
    expect(sequence.map(({ frame }: { frame: number }) => frame - 1)).toEqual([...times.keys()]);
  });

  it('in WebVTT, each cue ending where the next begins', async () => {
    const { cues } = new WebVTTParser().parse(await writtenText('webvtt', messages), 'metadata');
    expect(cues.map(({ text }) => JSON.parse(text).pts)).toEqual(times);
    const starts = cues.map(({ startTime }) => Math.round(startTime * 1000));
    expect(starts).toEqual(times.map((time) => Math.round(time * 1000)));
    expect(cues.slice(0, -1).map(({ endTime }) => endTime)).toEqual(
      cues.slice(1).map(({ startTime }) => startTime),
    );
  });

  it('in ONVIF', async () => {
    const text = await writtenText('onvif', messages);
    const utc = [...text.matchAll(/UtcTime="(.+?)"/g)].map(([, time]) => Date.parse(time) / 1000);
    expect(utc).toEqual(times.map((time) => Math.floor(time * 1000 + 1e-6) / 1000));
  });

  it('in MOTChallenge and CVAT, by the number of the frame', async () => {
    const mot = (await writtenText('mot', messages)).trimEnd().split('\n');
    expect(mot.map((line) => Number(line.split(',')[0]) - 1)).toEqual([...times.keys()]);
    const cvat = await writtenText('cvat', messages);
    expect([...cvat.matchAll(/<box frame="(\d+)"/g)].map(([, frame]) => Number(frame))).toEqual([
      ...times.keys(),
    ]);
  });
});
