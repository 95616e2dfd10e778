import type { I420Picture } from '../common/index.js';
import type { MessageTarget } from './box-message.js';
import { targetColour } from './colour.js';
import { drawText, strokeBox, textSize } from './draw.js';

/**
 * Draws targets into a picture: a box in the target's colour and a label with its name and score above it. A target that is not being
 * tracked is drawn with a thin line and its state.
 *
 * @param colourOf the number of a target's colour, see {@link targetColour}
 */
export function annotate(
  picture: I420Picture,
  targets: readonly MessageTarget[],
  colourOf: (id: string) => number,
): void {
  const scale = Math.max(1, Math.round(picture.height / 360));
  for (const target of targets) {
    const colour = targetColour(colourOf(target.id));
    const sure = target.state === 'tracking';
    strokeBox(picture, target.box, colour, sure ? 2 * scale : scale);
    const text = `${target.label ?? target.id} ${sure ? target.score.toFixed(2) : target.state}`;
    const [width, height] = textSize(text, scale);
    const x = within(target.box[0], 0, picture.width - width);
    const above = target.box[1] - height - scale;
    const y = within(above >= 0 ? above : target.box[1] + scale, 0, picture.height - height);
    drawText(picture, text, [x, y], { scale, colour: 0x000000, background: colour });
  }
}

/** A picture of one's own to draw into. */
export function copyPicture({ width, height, y, u, v, range, matrix }: I420Picture): I420Picture {
  return { width, height, y: y.slice(), u: u.slice(), v: v.slice(), range, matrix };
}

function within(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(Math.max(low, high), Math.round(value)));
}
