import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseTargets } from '../../src/batch/targets-file.js';

const target = (changes: object = {}) => ({
  id: '1',
  start: { frame: 0 },
  box: [1, 2, 3, 4],
  units: 'pixels',
  backwards: false,
  ...changes,
});

describe('a targets file in CSV', () => {
  it('has a header, and a line for each target', () => {
    const text = [
      '# a remark',
      'video,id,label,start,x,y,width,height,units,backwards',
      'a.mp4,car,"the red, fast one",120,1,2,3,4,,',
      '',
      'a.mp4,dog,,2.5s,.1,.2,.3,.4,normalised,yes',
      '"*",1,,,1,2,3,4,pixels,no',
    ].join('\n');
    expect(parseTargets(text, 't.csv')).toEqual([
      {
        video: 'a.mp4',
        line: 3,
        target: target({ id: 'car', label: 'the red, fast one', start: { frame: 120 } }),
      },
      {
        video: 'a.mp4',
        line: 5,
        target: target({
          id: 'dog',
          start: { seconds: 2.5 },
          box: [0.1, 0.2, 0.3, 0.4],
          units: 'normalised',
          backwards: true,
        }),
      },
      { video: '*', line: 6, target: target() },
    ]);
  });

  it('takes the columns in any order, and only those of the box are needed', () => {
    expect(parseTargets('height,width,y,x,video\n4,3,2,1,a\n', 't.csv')).toEqual([
      { video: 'a', line: 2, target: target() },
    ]);
  });

  it('is read as spreadsheets save it: with a byte order mark and CRLF', () => {
    expect(parseTargets('\uFEFFvideo,x,y,width,height\r\na,1,2,3,4\r\n', 't.csv')).toHaveLength(1);
  });

  it('names every line that is wrong, and what was expected there', () => {
    const text = [
      'video,id,start,x,y,width,height,units',
      'a,1,soon,1,2,3,4,',
      'a,2,0,one,2,3,4,',
      'a,3,0,1,2,0,4,',
      'a,4,0,1,2,3,4,inches',
      'a,5,0,1,2,3',
      ',6,0,1,2,3,4,',
      'a,7,0,1,2,3,4,',
      'a,7,9,1,2,3,4,',
      'a,8,0,100,2,3,4,normalised',
    ].join('\n');
    expect(() => parseTargets(text, 't.csv')).toThrow(
      expect.objectContaining({ code: 'TARGETS_INVALID', message: expect.any(String) }),
    );
    let message = '';
    try {
      parseTargets(text, 't.csv');
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message.split('\n')).toEqual([
      expect.stringMatching(/^t\.csv:2: start: expected a frame index .*, got "?soon/),
      't.csv:3: x: expected a number, got one',
      't.csv:4: width: expected a width above 0, got 0',
      expect.stringMatching(/^t\.csv:5: units: expected .*pixels.*, got inches$/),
      't.csv:6: expected 8 columns, got 6',
      't.csv:7: video: expected a path, got nothing',
      't.csv:9: id: expected one that no other target of a has, got 7 of line 8',
      expect.stringMatching(/^t\.csv:10: box: expected fractions of the frame/),
    ]);
  });

  it.each([
    ['', /t\.csv:1: expected a header line: video,id/],
    ['video,x,y,width\na,1,2,3', /t\.csv:1: expected the columns height too/],
    ['video,x,y,width,height,colour\na,1,2,3,4,red', /t\.csv:1: expected columns of .*, got "colour"/],
    ['video,x,y,width,height\n"a,1,2,3,4', /t\.csv:\d+: .*[Qq]uote/],
  ])('refuses %j', (text, message) => {
    expect(() => parseTargets(text, 't.csv')).toThrow(message);
  });
});

describe('a targets file in YAML or JSON', () => {
  it('maps videos to lists of targets', () => {
    const text = `
a.mp4:
  - box: [1, 2, 3, 4]
  - {id: dog, label: Rex, start: 12s, box: [0.1, 0.2, 0.3, 0.4], units: normalised, backwards: true}
"*":
  - {id: 7, start: 120, box: [1, 2, 3, 4]}
`;
    expect(parseTargets(text, 't.yaml')).toEqual([
      { video: 'a.mp4', line: 3, target: target() },
      {
        video: 'a.mp4',
        line: 4,
        target: target({
          id: 'dog',
          label: 'Rex',
          start: { seconds: 12 },
          box: [0.1, 0.2, 0.3, 0.4],
          units: 'normalised',
          backwards: true,
        }),
      },
      { video: '*', line: 6, target: target({ id: '7', start: { frame: 120 } }) },
    ]);
  });

  it('names the line and the place of every mistake', () => {
    const text =
      'a.mp4:\n  - id: car\n    box: [1, 2, -3, 4]\n  - id: dog\n    box: [1, 2]\n    colour: red\nb.mp4: 3\n';
    let message = '';
    try {
      parseTargets(text, 't.yaml');
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^t\.yaml:3: box\.2: expected a width above 0, got -3$/m);
    expect(message).toMatch(/^t\.yaml:5: box: expected \[x, y, width, height\], got \[1,2\]$/m);
    expect(message).toMatch(/^t\.yaml:4: .*colour/m);
    expect(message).toMatch(/^t\.yaml:7: b\.mp4: expected a list of targets$/m);
  });

  it.each(['a: [', '{"a": [{"box": [1,2,3,4]}]', '3', '- a'])('refuses %j', (text) => {
    expect(() => parseTargets(text, 't.json')).toThrow(/^t\.json:\d+: /);
  });
});

it('says the same in CSV, YAML and JSON', () => {
  const side = fc.integer({ min: 1, max: 4000 }).map((k) => k / 4);
  const entry = fc.record({
    id: fc.stringMatching(/^[a-z]{1,6}$/),
    start: fc.nat(100_000),
    box: fc.tuple(side, side, side, side),
    backwards: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.uniqueArray(entry, { selector: ({ id }) => id, minLength: 1 }), (entries) => {
      const csv = entries.map(({ id, start, box, backwards }) =>
        ['v', id, start, ...box, backwards].join(','),
      );
      const a = parseTargets(['video,id,start,x,y,width,height,backwards', ...csv].join('\n'), 't.csv');
      const b = parseTargets(stringify({ v: entries }), 't.yaml');
      const c = parseTargets(JSON.stringify({ v: entries }), 't.json');
      const targets = (list: typeof a) => list.map(({ target: one }) => one);
      expect(targets(b)).toEqual(targets(a));
      expect(targets(c)).toEqual(targets(a));
    }),
    { numRuns: 30 },
  );
});
