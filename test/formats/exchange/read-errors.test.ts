import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readResults } from '../../../src/formats/exchange/index.js';
import type { ResultFormat } from '../../../src/formats/index.js';
import { collect } from './messages.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'siamtrack-exchange-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const SOURCE = { name: 'street.mp4', frameRate: 25, width: 320, height: 240 };
const LINE = '{"type":"boxes","stream":"a","frame":0,"pts":0,"size":{"width":9,"height":9},"targets":[]}';

const track = (boxes: string) =>
  `<annotations>\n<track id="0" label="car">\n${boxes}\n</track>\n</annotations>\n`;
const box = (more: string) => `<box frame="0" outside="0" occluded="0" keyframe="1" ${more}></box>`;
const coco = (annotation: string) =>
  `{"images": [\n{"id": 1, "frame_id": 0, "width": 9, "height": 9}\n],\n"annotations": [\n${annotation}\n]}`;

async function read(format: ResultFormat, files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const [only] = Object.keys(files);
  const path = ['vot', 'otb', 'got10k'].includes(format) ? folder : join(folder, only);
  return collect(readResults(format, path, SOURCE));
}

describe('readResults', () => {
  it.each([
    ['jsonl', { f: `${LINE}\n{"type":"boxes"` }, /f:2: expected a line of JSON/],
    [
      'jsonl',
      { f: `${LINE}\n\n${LINE.replace('"pts":0', '"pts":"0"')}` },
      /f:3: expected a box message, got pts/,
    ],
    ['jsonl', { f: `${LINE}\n${LINE}` }, /expected a frame after 0, for frames rise, got frame 0/],
    ['mot', { f: '1,1,5,5,9,9,1\n2,1,5,5,9\n' }, /f:2: expected frame,id,left,top,width,height,confidence/],
    ['mot', { f: '0,1,5,5,9,9,1\n' }, /f:1: expected a frame number, the first being 1, got 0/],
    ['mot', { f: '1,-1,5,5,9,9,1\n' }, /f:1: expected an id of a target, got -1/],
    ['mot', { f: '1,1,5,5,0,9,1\n' }, /f:1: expected a box of finite numbers with a size/],
    ['mot', { f: '1,1,5,5,Infinity,9,1\n' }, /f:1: expected a box of finite numbers/],
    ['mot', { f: '1e300,1,5,5,9,9,1\n' }, /f:1: expected a frame number/],
    ['mot', { f: '1,1,5,5,9,9,1\n1,1,6,6,9,9,1\n' }, /each target once a frame, got 1 twice in frame 0/],
    [
      'cvat',
      { f: '<annotations>\n<track>\n</annotations>' },
      /f:3: expected well-formed XML, got unexpected close tag/,
    ],
    ['cvat', { f: '<annotations>\n<track>' }, /f:2: expected well-formed XML, got unclosed tag: track/],
    ['cvat', { f: '<html>\n</html>' }, /f:1: expected <annotations>, got <html>/],
    [
      'cvat',
      { f: '<annotations>\n<image id="0"/>\n</annotations>' },
      /f:2: expected CVAT for video, got CVAT for images/,
    ],
    ['cvat', { f: track(box('xtl="1" ytl="1" xbr="x" ybr="2"')) }, /f:3: expected a number as xbr, got x/],
    ['cvat', { f: track(box('xtl="1" ytl="1" xbr="1" ybr="2"')) }, /f:3: expected a box of finite numbers/],
    ['cvat', { f: track(box('rotation="9"')) }, /f:3: expected an upright box, got rotation 9/],
    ['cvat', { f: track('\n<polygon/>') }, /f:4: expected <box>, for targets are boxes, got <polygon>/],
    ['coco-vid', { f: '{"images": [\n}' }, /f:2: expected JSON/],
    ['coco-vid', { f: '{"images": [\n' }, /f:2: expected JSON, got its end too early/],
    [
      'coco-vid',
      { f: coco('{"image_id": 2, "track_id": 1, "bbox": [1,1,1,1]}') },
      /f:5: expected an image_id of an image, got 2/,
    ],
    [
      'coco-vid',
      { f: coco('{"image_id": 1, "bbox": [1,1,1,1]}') },
      /f:5: expected a track_id or instance_id/,
    ],
    [
      'coco-vid',
      { f: coco('{"image_id": 1, "track_id": 1, "bbox": [1,1,1]}') },
      /f:5: expected an item of annotations, got bbox/,
    ],
    ['vot', { 'other.txt': '' }, /expected groundtruth.txt or groundtruth_<target>.txt, got none/],
    ['vot', { 'groundtruth.txt': '1,1,5,5\n1,2,3,4,5,6,7,8\n' }, /groundtruth.txt:2: expected four numbers/],
    ['otb', { 'car/other.txt': '' }, /expected folders of targets with .*groundtruth_rect.*, got none/],
    [
      'otb',
      { 'car/groundtruth_rect.txt': '1,1,5,5\n1,1,5,five\n' },
      /groundtruth_rect.txt:2: expected four numbers/,
    ],
    [
      'got10k',
      { 'car/groundtruth.txt': '1,1,5,5\n', 'car/absence.label': '2\n' },
      /absence.label:1: expected 0 or 1, got 2/,
    ],
    [
      'got10k',
      { 'car/groundtruth.txt': '1,1,5,5\n2,2,5,5\n', 'car/absence.label': '0\n' },
      /absence.label:2: expected 0 or 1, got the end/,
    ],
  ] as const)('says what is wrong with %s %j', async (format, files, message) => {
    await expect(read(format, files)).rejects.toMatchObject({
      code: 'RESULT_FILE_INVALID',
      message: expect.stringMatching(message),
    });
  });

  it('says which file is not there', async () => {
    for (const format of ['jsonl', 'mot', 'cvat', 'coco-vid', 'vot', 'otb', 'got10k'] as const) {
      const reading = collect(readResults(format, join(folder, 'gone'), SOURCE));
      await expect(reading).rejects.toThrow(/gone: expected a readable .*, got ENOENT/);
    }
  });

  it.each(['label-studio', 'webvtt', 'onvif'] as const)('does not read %s back', (format) => {
    expect(() => readResults(format, 'f')).toThrow(/^format: expected one of jsonl, mot/);
  });

  it('asks for the rate and the size where nothing tells them', async () => {
    const file = join(folder, 'f');
    await writeFile(file, '1,1,5,5,9,9,1\n');
    await expect(collect(readResults('mot', file))).rejects.toThrow(/^frameRate: expected frames per second/);
    const rated = readResults('mot', file, { name: 'a', frameRate: 25 });
    await expect(collect(rated)).rejects.toThrow(/^width: expected the size of the video/);
  });

  it('says that the video ends before the results', async () => {
    const file = join(folder, 'f');
    await writeFile(file, '3,1,5,5,9,9,1\n');
    const frames = async function* () {
      yield { index: 0, pts: 0, width: 9, height: 9 };
    };
    const reading = collect(readResults('mot', file, undefined, { frames: frames() }));
    await expect(reading).rejects.toThrow(/expected a video that has frame 2, got a video of 1 frames/);
  });

  it('reads what other tools write', async () => {
    // Ground truth of MOTChallenge: sorted by target, with a flag, a class and a visibility behind the box.
    const mot = await read('mot', {
      f: '2, 1, 912, 484, 97, 109, 0, 7, 1\r\n1,1,912,484,97,109,-1,-1,-1,-1\r\n',
    });
    expect(mot.map(({ frame, targets }) => [frame, targets[0].box, targets[0].score])).toEqual([
      [0, [911, 483, 97, 109], 1],
      [1, [911, 483, 97, 109], 0],
    ]);
    // CVAT's own export: boxes between keyframes listed, attributes of other names, a track that ends with an outside box.
    const cvat = await read('cvat', {
      f: `<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n  <meta><task><size>9</size><original_size><width>64</width><height>48</height></original_size></task></meta>
  <track id="3" label="car" source="manual">
    <box frame="0" keyframe="1" outside="0" occluded="0" xtl="1.00" ytl="2.00" xbr="11.00" ybr="22.00" z_order="0">
      <attribute name="colour">red</attribute>
    </box>
    <box frame="1" keyframe="0" outside="0" occluded="1" xtl="2.00" ytl="2.00" xbr="12.00" ybr="22.00" z_order="0"></box>
    <box frame="2" keyframe="1" outside="1" occluded="0" xtl="2.00" ytl="2.00" xbr="12.00" ybr="22.00" z_order="0"></box>
  </track>\n</annotations>`,
    });
    expect(cvat).toHaveLength(9);
    expect(cvat.slice(0, 3).map(({ targets }) => targets)).toEqual([
      [{ id: '3', label: 'car', box: [1, 2, 10, 20], score: 1, state: 'tracking' }],
      [{ id: '3', label: 'car', box: [2, 2, 10, 20], score: 1, state: 'uncertain' }],
      [],
    ]);
    // One line, annotations before images, TAO's names.
    const tao = await read('coco-vid', {
      f: '{"annotations":[{"image_id":"b","track_id":7,"bbox":[1,2,3,4]}],"images":[{"id":"b","frame_index":4,"video_id":1,"width":64,"height":48}]}',
    });
    expect(tao).toEqual([
      {
        type: 'boxes',
        stream: 'street.mp4',
        frame: 4,
        pts: 0.16,
        size: { width: 64, height: 48 },
        targets: [{ id: '7', box: [1, 2, 3, 4], score: 1, state: 'tracking' }],
      },
    ]);
    // A VOT result: its first line is the special region 1, a failure is 2.
    const vot = await read('vot', { 'groundtruth.txt': '1\n1,2,3,4\n2\n5,6,7,8' });
    expect(vot.map(({ frame, targets }) => [frame, targets.map((target) => target.box)])).toEqual([
      [1, [[1, 2, 3, 4]]],
      [2, []],
      [3, [[5, 6, 7, 8]]],
    ]);
  });

  it('passes over lines of other types', async () => {
    const events = '{"type":"event","event":"lost"}';
    expect(await read('jsonl', { f: `${events}\n${LINE}\r\n` })).toEqual([JSON.parse(LINE)]);
  });
});
