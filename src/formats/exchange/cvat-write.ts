import type { TargetMessage } from '../box-message.js';
import type { Survey } from './survey.js';
import type { TextSink } from './text-file.js';
import type { WriteJob } from './write-job.js';
import { escapeXml } from './xml.js';

/**
 * CVAT for video 1.1 (docs.cvat.ai, XML annotation format): one `<track>` for each target. Every box is a keyframe, so that CVAT
 * moves none of them. Where a target is lost its box has `outside="1"`, where it is uncertain `occluded="1"`; where the messages have
 * a gap or end without it, a last box with `outside="1"` and no score keeps CVAT from showing it on. Frames count from 0, pixels are
 * those of messages.
 */
export async function writeCvat(out: TextSink, job: WriteJob): Promise<void> {
  const survey = await job.survey();
  const numbers = new Map([...survey.targets.keys()].map((id, k) => [id, k]));
  /** The last box of each target, to be closed where the next message lacks it. */
  const open = new Map<string, { readonly frame: number; readonly target: TargetMessage }>();
  const close = async (id: string) => {
    const { frame, target } = open.get(id)!;
    open.delete(id);
    if (frame + 1 < survey.frameCount && target.state !== 'lost') {
      await job.spool.append(numbers.get(id)!, boxElement(frame + 1, target, 'closing'));
    }
  };
  for await (const { frame, targets } of job.messages()) {
    const present = new Set(targets.map(({ id }) => id));
    for (const [id, { frame: last }] of open) if (!present.has(id) || last + 1 < frame) await close(id);
    for (const target of targets) {
      await job.spool.append(numbers.get(target.id)!, boxElement(frame, target));
      open.set(target.id, { frame, target });
    }
  }
  for (const id of [...open.keys()]) await close(id);
  await out.write(head(job.source.name, survey));
  for (const { id, category } of survey.targets.values()) {
    const number = numbers.get(id)!;
    await out.write(`  <track id="${number}" label="${escapeXml(category)}" source="file">\n`);
    for await (const text of job.spool.read(number)) await out.write(text);
    await out.write('  </track>\n');
  }
  await out.write('</annotations>\n');
}

function boxElement(frame: number, { id, box, score, state }: TargetMessage, closing?: 'closing'): string {
  const outside = closing || state === 'lost' ? 1 : 0;
  const occluded = !closing && state === 'uncertain' ? 1 : 0;
  const [x, y, w, h] = box;
  const corners = `xtl="${x.toFixed(2)}" ytl="${y.toFixed(2)}" xbr="${(x + w).toFixed(2)}" ybr="${(y + h).toFixed(2)}"`;
  const flags = `outside="${outside}" occluded="${occluded}" keyframe="1"`;
  const scored = closing ? '' : `      <attribute name="score">${score}</attribute>\n`;
  return (
    `    <box frame="${frame}" ${flags} ${corners} z_order="0">\n` +
    `      <attribute name="target">${escapeXml(id)}</attribute>\n${scored}    </box>\n`
  );
}

function head(name: string, { categories, frameCount, width, height }: Survey): string {
  const labels = categories.map(
    (category) => `        <label>
          <name>${escapeXml(category)}</name>
          <type>rectangle</type>
          <attributes>
            <attribute>
              <name>target</name>
              <mutable>False</mutable>
              <input_type>text</input_type>
              <default_value></default_value>
              <values></values>
            </attribute>
            <attribute>
              <name>score</name>
              <mutable>True</mutable>
              <input_type>text</input_type>
              <default_value></default_value>
              <values></values>
            </attribute>
          </attributes>
        </label>
`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <name>${escapeXml(name)}</name>
      <size>${frameCount}</size>
      <mode>interpolation</mode>
      <overlap>0</overlap>
      <start_frame>0</start_frame>
      <stop_frame>${Math.max(0, frameCount - 1)}</stop_frame>
      <frame_filter></frame_filter>
      <labels>
${labels.join('')}      </labels>
      <original_size>
        <width>${width}</width>
        <height>${height}</height>
      </original_size>
    </task>
    <source>${escapeXml(name)}</source>
  </meta>
`;
}
