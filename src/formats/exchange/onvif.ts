import type { Box } from '../../common/index.js';
import type { BoxMessage } from '../box-message.js';
import type { Survey } from './survey.js';
import type { TextSink } from './text-file.js';
import type { WriteJob } from './write-job.js';
import { escapeXml } from './xml.js';

/**
 * An ONVIF metadata stream (ONVIF Analytics Service Specification, scene description; metadatastream.xsd): a `tt:Frame` for each
 * message with a `tt:Object` for each target that is not lost. Coordinates are ONVIF's normalised ones: the picture spans -1..1 in
 * both directions, y up. `UtcTime` is the message's wall-clock time, else `startTime` plus pts, to the microsecond. The score is the
 * `Likelihood` of the target's class.
 */
export async function writeOnvif(out: TextSink, { messages, survey, startTime }: WriteJob): Promise<void> {
  const { targets } = await survey();
  await out.write('<?xml version="1.0" encoding="UTF-8"?>\n');
  await out.write(
    '<tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema">\n  <tt:VideoAnalytics>\n',
  );
  for await (const message of messages()) await out.write(frameElement(message, targets, startTime));
  await out.write('  </tt:VideoAnalytics>\n</tt:MetadataStream>\n');
}

function frameElement(
  { pts, time, size, targets }: BoxMessage,
  surveyed: Survey['targets'],
  startTime: number,
): string {
  const objects = targets.flatMap(({ id, box, score, state }) => {
    if (state === 'lost') return [];
    const { number, category } = surveyed.get(id)!;
    return [
      `      <tt:Object ObjectId="${number}">
        <tt:Appearance>
          <tt:Shape>
${shape(box, size)}
          </tt:Shape>
          <tt:Class>
            <tt:Type Likelihood="${score}">${escapeXml(category)}</tt:Type>
          </tt:Class>
        </tt:Appearance>
      </tt:Object>\n`,
    ];
  });
  const utc = time === undefined ? utcTime(startTime, pts) : utcTime(time, 0);
  return `    <tt:Frame UtcTime="${utc}">\n${objects.join('')}    </tt:Frame>\n`;
}

function shape([x, y, w, h]: Box, { width, height }: BoxMessage['size']): string {
  const across = (value: number) => number((2 * value) / width - 1);
  const up = (value: number) => number(1 - (2 * value) / height);
  const edges = `left="${across(x)}" top="${up(y)}" right="${across(x + w)}" bottom="${up(y + h)}"`;
  const centre = `x="${across(x + w / 2)}" y="${up(y + h / 2)}"`;
  return `            <tt:BoundingBox ${edges}/>\n            <tt:CenterOfGravity ${centre}/>`;
}

function number(value: number): string {
  return String(Number(value.toFixed(6)) + 0);
}

/** xs:dateTime in UTC, to the microsecond. */
function utcTime(start: number, seconds: number): string {
  const micros = Math.round(start * 1000) + Math.round(seconds * 1e6);
  const ms = Math.floor(micros / 1000);
  return new Date(ms).toISOString().replace('Z', `${String(micros - ms * 1000).padStart(3, '0')}Z`);
}
