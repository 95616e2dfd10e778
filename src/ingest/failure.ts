import type { IngestErrorCode } from './errors.js';

/** Why a connection came to nothing. */
export interface Failure {
  readonly code: IngestErrorCode;
  readonly reason: string;
}

// The order matters: a server that refuses credentials also "ends" the stream, with an input/output error on top.
const SIGNS: readonly (readonly [RegExp, IngestErrorCode])[] = [
  [
    /\b40[13] (unauthorized|forbidden)|http error 40[13]|returned 40[13]|authorization failed/i,
    'AUTH_FAILED',
  ],
  [
    /\b404 not found|http error 404|returned 404|stream ?not ?found|no such file or directory|no such device/i,
    'SOURCE_NOT_FOUND',
  ],
  [/could not find video device|cannot open video device/i, 'SOURCE_NOT_FOUND'],
  [
    /connection refused|no route to host|network is unreachable|host is (down|unreachable)/i,
    'SOURCE_UNREACHABLE',
  ],
  [
    /failed to resolve|name or service not known|connection (timed out|reset)|operation timed out|broken pipe/i,
    'SOURCE_UNREACHABLE',
  ],
  [/permission denied|operation not permitted|resource busy/i, 'SOURCE_UNREADABLE'],
  [
    /protocol not found|not on whitelist|unknown input format|unrecognized option|option (\S+ )?not found/i,
    'SOURCE_UNSUPPORTED',
  ],
  [/matches no streams|does not contain any stream|invalid data found/i, 'NOT_A_VIDEO'],
];

const HARDWARE =
  /hwaccel|hw_?device|device (creation|setup) failed|no device available|device type \w+ needed|hardware (device|accelerat)/i;

/** The kind of failure that ffmpeg's complaints tell of, or `undefined`. */
export function failureCode(complaints: string): IngestErrorCode | undefined {
  return SIGNS.find(([sign]) => sign.test(complaints))?.[1];
}

/** Whether ffmpeg's complaints are about hardware decoding. */
export function isHardwareFailure(complaints: string): boolean {
  return HARDWARE.test(complaints);
}

// What decoders say where they give a device up and decode that stream without it, and where the device fails them on a picture.
const WITHOUT = /failed setup for format \w+: hwaccel initiali[sz]ation/i;
const LOST = /hardware accelerator failed to decode|hwaccel.*(failed|error)/i;

/** What a complaint says of hardware decoding that has begun: ffmpeg goes on `without` it, or pictures are `lost`. */
export function hardwareTrouble(complaint: string): 'without' | 'lost' | undefined {
  if (WITHOUT.test(complaint)) return 'without';
  return LOST.test(complaint) ? 'lost' : undefined;
}
