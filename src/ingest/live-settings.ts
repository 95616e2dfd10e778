import { InvalidArgumentError } from '../common/index.js';
import { defined } from './defined.js';
import { checkHardware } from './hardware.js';
import type { LiveOptions } from './live.js';

const DEFAULTS = { stallTimeout: 10_000, connectTimeout: 15_000, killTimeout: 500, maxFrames: 64 };

/** {@link LiveOptions} with the defaults that every connection needs. */
export type LiveSettings = LiveOptions & typeof DEFAULTS;

/** @throws {InvalidArgumentError} for options outside their bounds */
export function liveSettings(options: LiveOptions): LiveSettings {
  checkOptions(options);
  return { ...DEFAULTS, ...defined(options) };
}

function checkOptions(options: LiveOptions): void {
  for (const name of ['threads', 'maxFrames'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw new InvalidArgumentError(name, 'an integer of at least 1', value);
    }
  }
  for (const name of ['stallTimeout', 'connectTimeout', 'killTimeout'] as const) {
    const value = options[name];
    // Node's timers hold no more.
    if (value !== undefined && !(value >= 0 && value <= 2_147_483_647)) {
      throw new InvalidArgumentError(name, 'milliseconds', value);
    }
  }
  if (options.transport !== undefined && !['tcp', 'udp'].includes(options.transport)) {
    throw new InvalidArgumentError('transport', 'tcp or udp', options.transport);
  }
  checkHardware(options.hardware);
}
