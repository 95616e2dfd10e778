import type { IngestErrorCode } from './errors.js';
import type { Outcome } from './live-connection.js';

type Failed = Extract<Outcome, { kind: 'failed' }>;

/** What it means that a source which should go on for ever has come to its end. */
export const ENDED_BY_OTHERS: Failed = {
  kind: 'failed',
  code: 'SOURCE_ENDED',
  reason: 'the other side ended the stream',
  hardware: false,
};

const HOPELESS: ReadonlySet<IngestErrorCode> = new Set<IngestErrorCode>([
  'FFMPEG_NOT_FOUND',
  'SOURCE_UNSUPPORTED',
]);
const TOLD: ReadonlySet<IngestErrorCode> = new Set<IngestErrorCode>([
  'AUTH_FAILED',
  'SOURCE_NOT_FOUND',
  'SOURCE_UNREADABLE',
  'NOT_A_VIDEO',
]);

/** A failure that no waiting cures, as long as the source has never been live. */
export function isHopeless(code: IngestErrorCode): boolean {
  return HOPELESS.has(code);
}

/** A failure that a person must see to. */
export function isTold(code: IngestErrorCode): boolean {
  return TOLD.has(code);
}
