import type { Box } from '../../common/index.js';
import type { TargetOnFrame, TrackPoint } from './tracks.js';

/** A target of the picture that is shown. */
export interface DrawnTarget extends TargetOnFrame {
  readonly name: string;
  readonly colour: string;
  readonly selected: boolean;
  /** Its way to this frame, oldest first; empty where none is to be drawn. */
  readonly trail: readonly TrackPoint[];
  /** Seconds that it has been lost for. */
  readonly lostFor: number | undefined;
}

/** A box that is being drawn or adjusted. */
export interface DrawnEdit {
  readonly box: Box;
  readonly name: string;
  /** With handles, to be taken hold of. */
  readonly handles: boolean;
}

/** What lies over a picture. */
export interface Overlay {
  readonly targets: readonly DrawnTarget[];
  readonly marks: readonly { readonly box: Box; readonly name: string }[];
  readonly edit: DrawnEdit | undefined;
}

const INK = '#101418';
const HALO = 'rgba(8, 12, 16, 0.72)';
const MARK = '#ffffff';
const FONT = '600 13px system-ui, sans-serif';
const LINE = 20;

/**
 * Draws boxes over a picture.
 *
 * @param width of the canvas in CSS pixels
 * @param scale CSS pixels per pixel of the frame
 * @param ratio canvas pixels per CSS pixel
 */
export function drawOverlay(
  context: CanvasRenderingContext2D,
  { targets, marks, edit }: Overlay,
  { scale, ratio }: { readonly scale: number; readonly ratio: number },
): void {
  const { canvas } = context;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, canvas.width / ratio, canvas.height / ratio);
  context.font = FONT;
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  for (const target of targets) drawTrail(context, target, scale);
  // The selected one on top.
  const ordered = [...targets].sort((a, b) => Number(a.selected) - Number(b.selected));
  for (const target of ordered) drawTarget(context, target, scale);
  for (const { box, name } of marks) {
    outline(context, box, scale, MARK, 2, [2, 4]);
    tag(context, name, box, scale, MARK, true);
  }
  if (edit) drawEdit(context, edit, scale);
}

function drawTarget(context: CanvasRenderingContext2D, target: DrawnTarget, scale: number): void {
  const { box, colour, state, selected } = target;
  const dashes = { tracking: [], uncertain: [12, 4], lost: [6, 6] }[state];
  outline(context, box, scale, colour, selected ? 3 : 2, dashes);
  if (state === 'lost') cross(context, box, scale, colour);
  tag(context, caption(target), box, scale, colour, state === 'lost');
}

function caption({ name, score, state, lostFor }: DrawnTarget): string {
  if (state === 'lost') return `${name} · lost${lostFor === undefined ? '' : ` ${lostFor.toFixed(0)} s`}`;
  return `${name} · ${score.toFixed(2)}${state === 'uncertain' ? ' unsure' : ''}`;
}

function outline(
  context: CanvasRenderingContext2D,
  [x, y, width, height]: Box,
  scale: number,
  colour: string,
  thickness: number,
  dashes: number[],
): void {
  const rectangle = [x * scale, y * scale, width * scale, height * scale] as const;
  context.setLineDash([]);
  context.lineWidth = thickness + 2.5;
  context.strokeStyle = HALO;
  context.strokeRect(...rectangle);
  context.setLineDash(dashes);
  context.lineWidth = thickness;
  context.strokeStyle = colour;
  context.strokeRect(...rectangle);
  context.setLineDash([]);
}

/** A lost target is crossed out: nobody should need the colour or the dashes to see it. */
function cross(
  context: CanvasRenderingContext2D,
  [x, y, width, height]: Box,
  scale: number,
  colour: string,
): void {
  context.beginPath();
  context.moveTo(x * scale, y * scale);
  context.lineTo((x + width) * scale, (y + height) * scale);
  context.moveTo((x + width) * scale, y * scale);
  context.lineTo(x * scale, (y + height) * scale);
  context.lineWidth = 1;
  context.globalAlpha = 0.75;
  context.strokeStyle = colour;
  context.stroke();
  context.globalAlpha = 1;
}

/** @param hollow written in the colour, rather than on it */
function tag(
  context: CanvasRenderingContext2D,
  text: string,
  [x, y, , height]: Box,
  scale: number,
  colour: string,
  hollow: boolean,
): void {
  const { canvas } = context;
  const ratio = context.getTransform().a;
  const width = Math.ceil(context.measureText(text).width) + 12;
  const left = Math.max(0, Math.min(x * scale - 2, canvas.width / ratio - width));
  const above = y * scale - LINE - 3;
  const below = (y + height) * scale + 3;
  // Above the box, else below it, else within.
  const top = above >= 0 ? above : below + LINE <= canvas.height / ratio ? below : Math.max(0, y * scale + 3);
  context.fillStyle = hollow ? INK : colour;
  context.beginPath();
  context.roundRect(left, top, width, LINE, 4);
  context.fill();
  if (hollow) {
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.setLineDash([3, 3]);
    context.stroke();
    context.setLineDash([]);
  }
  context.fillStyle = hollow ? colour : INK;
  context.fillText(text, left + 6, top + LINE / 2 + 0.5);
}

function drawTrail(context: CanvasRenderingContext2D, { trail, colour }: DrawnTarget, scale: number): void {
  context.save();
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.lineCap = 'round';
  for (let k = 1; k < trail.length; k++) {
    const [before, after] = [trail[k - 1], trail[k]];
    // While it was lost it went nowhere that is known of.
    if (before.state === 'lost' || after.state === 'lost') continue;
    context.globalAlpha = 0.15 + (0.65 * k) / trail.length;
    context.beginPath();
    context.moveTo(...centre(before.box, scale));
    context.lineTo(...centre(after.box, scale));
    context.stroke();
  }
  context.restore();
}

function drawEdit(context: CanvasRenderingContext2D, { box, name, handles }: DrawnEdit, scale: number): void {
  const [x, y, width, height] = box;
  context.fillStyle = 'rgba(255, 255, 255, 0.12)';
  context.fillRect(x * scale, y * scale, width * scale, height * scale);
  outline(context, box, scale, '#ffffff', 2, [8, 4]);
  if (!handles) return;
  for (const across of [0, 0.5, 1])
    for (const down of [0, 0.5, 1]) {
      if (across === 0.5 && down === 0.5) continue;
      context.beginPath();
      context.arc((x + across * width) * scale, (y + down * height) * scale, 4.5, 0, 2 * Math.PI);
      context.fillStyle = '#ffffff';
      context.fill();
      context.lineWidth = 1.5;
      context.strokeStyle = INK;
      context.stroke();
    }
  tag(context, name, box, scale, '#ffffff', false);
}

function centre([x, y, width, height]: Box, scale: number): [number, number] {
  return [(x + width / 2) * scale, (y + height / 2) * scale];
}
