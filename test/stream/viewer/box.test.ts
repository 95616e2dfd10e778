import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/common/index.js';
import {
  boxAt,
  gripAt,
  insideFrame,
  moved,
  resized,
  SMALLEST,
  scaled,
} from '../../../src/stream/viewer/box.js';
import { BoxEditor } from '../../../src/stream/viewer/box-editor.js';

const frame = { width: 320, height: 240 };
const any = fc.double({ min: -1000, max: 1000, noNaN: true });
const anyBox = fc.tuple(any, any, any.map(Math.abs), any.map(Math.abs)) as fc.Arbitrary<Box>;
const grip = fc.constantFrom('n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw', 'inside' as const);

function expectInside([x, y, width, height]: Box): void {
  expect(x).toBeGreaterThanOrEqual(0);
  expect(y).toBeGreaterThanOrEqual(0);
  expect(x + width).toBeLessThanOrEqual(frame.width + 1e-9);
  expect(y + height).toBeLessThanOrEqual(frame.height + 1e-9);
  expect(width).toBeGreaterThanOrEqual(SMALLEST - 1e-9);
  expect(height).toBeGreaterThanOrEqual(SMALLEST - 1e-9);
}

describe('a box on the picture', () => {
  it('is within the frame and large enough, whatever is done to it', () => {
    fc.assert(
      fc.property(
        anyBox,
        grip,
        any,
        any,
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (given, g, dx, dy, by) => {
          const box = insideFrame(given, frame);
          expectInside(box);
          expectInside(moved(box, dx, dy, frame));
          expectInside(resized(box, g, dx, dy, frame));
          expectInside(scaled(box, by, frame));
        },
      ),
    );
  });

  it('stays as it is where it is within the frame', () => {
    expect(insideFrame([10, 20, 30, 40], frame)).toEqual([10, 20, 30, 40]);
  });

  it('keeps its size when it is moved, and its other corner when one is', () => {
    fc.assert(
      fc.property(anyBox, any, any, (given, dx, dy) => {
        const box = insideFrame(given, frame);
        expect(moved(box, dx, dy, frame).slice(2)).toEqual(box.slice(2));
        const [x, y] = resized(box, 'se', dx, dy, frame);
        expect(x).toBeCloseTo(box[0], 6);
        expect(y).toBeCloseTo(box[1], 6);
      }),
    );
  });

  it('is taken hold of by its corners, edges and inside', () => {
    const box: Box = [100, 100, 60, 40];
    expect(gripAt(box, { x: 98, y: 99 }, 5)).toBe('nw');
    expect(gripAt(box, { x: 130, y: 143 }, 5)).toBe('s');
    expect(gripAt(box, { x: 130, y: 120 }, 5)).toBe('inside');
    expect(gripAt(box, { x: 90, y: 120 }, 5)).toBeUndefined();
    // A small one can still be moved.
    expect(gripAt([100, 100, 9, 9], { x: 104.5, y: 104.5 }, 20)).toBe('inside');
  });

  it('is chosen before a larger one that it lies in', () => {
    const [large, small] = [{ box: [0, 0, 100, 100] as Box }, { box: [40, 40, 20, 20] as Box }];
    expect(boxAt([large, small], { x: 50, y: 50 })).toBe(small);
    expect(boxAt([large, small], { x: 10, y: 10 })).toBe(large);
    expect(boxAt([large, small], { x: 200, y: 10 })).toBeUndefined();
  });
});

describe('a box under the hands of a person', () => {
  it('is drawn in any direction, and waits', () => {
    const editor = new BoxEditor();
    editor.down({ x: 80, y: 90 }, frame, 5);
    editor.move({ x: 20, y: 400 });
    expect(editor.box).toEqual([20, 90, 60, 150]);
    expect(editor.up(3)).toEqual([20, 90, 60, 150]);
    expect(editor.kind).toBe('pending');
  });

  it('is none where the pointer did not go anywhere', () => {
    const editor = new BoxEditor();
    editor.down({ x: 80, y: 90 }, frame, 5);
    editor.move({ x: 81, y: 91 });
    expect(editor.up(3)).toBeUndefined();
    expect(editor.kind).toBe('idle');
  });

  it('is moved by its inside, and drawn anew outside of it', () => {
    const editor = new BoxEditor();
    editor.place([100, 100, 50, 50], frame);
    editor.down({ x: 125, y: 125 }, frame, 5);
    editor.move({ x: 135, y: 120 });
    editor.up(3);
    expect(editor.box).toEqual([110, 95, 50, 50]);
    editor.down({ x: 10, y: 10 }, frame, 5);
    editor.move({ x: 40, y: 30 });
    expect(editor.up(3)).toEqual([10, 10, 30, 20]);
  });

  it('is moved, sized and scaled by keys, confirmed and cancelled', () => {
    const editor = new BoxEditor();
    const press = (key: string, shiftKey = false) => editor.key({ key, shiftKey }, 2);
    expect(press('Enter')).toBeUndefined();
    editor.place([100, 100, 50, 50], frame);
    expect([press('ArrowLeft'), press('ArrowDown')]).toEqual(['changed', 'changed']);
    expect(editor.box).toEqual([98, 102, 50, 50]);
    press('ArrowRight', true);
    press('ArrowUp', true);
    expect(editor.box).toEqual([98, 102, 52, 48]);
    press('+');
    expect(editor.box![2]).toBeCloseTo(57.2);
    expect([press('Enter'), press('Escape'), press('x')]).toEqual(['confirmed', 'cancelled', undefined]);
  });
});
