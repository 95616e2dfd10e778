import { z } from 'zod';
import { InvalidArgumentError } from '../common/index.js';
import { parseStart } from '../pipeline/index.js';

const finite = z.number({ error: 'expected a number' }).refine(Number.isFinite, 'expected a finite number');

/** When a target starts: a frame index, or the first frame at or after a time. */
export const TargetStartTime = z.union([
  z.strictObject({ frame: z.int().min(0) }),
  z.strictObject({ seconds: finite }),
]);

/** One target of a video, as jobs carry it. */
export const BatchTarget = z
  .strictObject({
    /** Unique among the targets of the video. */
    id: z.string().min(1, 'expected a name'),
    /** A name for people, where it differs from the id. */
    label: z.string().optional(),
    start: TargetStartTime,
    /** `[x, y, width, height]` on the start frame. */
    box: z.tuple([
      finite,
      finite,
      finite.refine((w) => w > 0, 'expected a width above 0'),
      finite.refine((h) => h > 0, 'expected a height above 0'),
    ]),
    /** Of the box: pixels of the upright frame, or fractions of its width and height. */
    units: z.enum(['pixels', 'normalised']),
    /** Whether it is followed from its start to the first frame of the video too. */
    backwards: z.boolean(),
  })
  .refine(({ units, box }) => units === 'pixels' || box.every((value) => value >= -1 && value <= 2), {
    path: ['box'],
    message: 'expected fractions of the frame (about 0..1), as units is normalised',
  });
export type BatchTarget = z.infer<typeof BatchTarget>;

/** Like {@link BatchTarget}, with what may be left out, and `start` as people write it. */
export const WrittenTarget = z
  .strictObject({
    id: z.union([z.string().min(1, 'expected a name'), z.number()]).optional(),
    label: z.string().optional(),
    start: z.union([z.string(), z.number(), TargetStartTime]).optional(),
    box: z.array(z.unknown()).length(4, 'expected [x, y, width, height]'),
    units: z.enum(['pixels', 'normalised']).optional(),
    backwards: z.boolean().optional(),
  })
  .transform((written, context) => {
    const start = startOf(written.start, (message) =>
      context.addIssue({ code: 'custom', path: ['start'], message }),
    );
    const target = BatchTarget.safeParse({
      id: String(written.id ?? '1'),
      ...(written.label === undefined ? {} : { label: written.label }),
      start,
      box: written.box,
      units: written.units ?? 'pixels',
      backwards: written.backwards ?? false,
    });
    if (target.success) return target.data;
    for (const issue of target.error.issues)
      context.addIssue({ code: 'custom', path: issue.path, message: issue.message });
    return z.NEVER;
  });

type WrittenStart = string | number | z.infer<typeof TargetStartTime> | undefined;

function startOf(written: WrittenStart, refuse: (message: string) => void): z.infer<typeof TargetStartTime> {
  if (typeof written === 'object') return written;
  const text = String(written ?? 0).trim();
  try {
    return parseStart('start', text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    refuse(error.message.replace(/^start: /, ''));
    return { frame: 0 };
  }
}
