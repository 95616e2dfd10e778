import { InvalidArgumentError } from '../common/index.js';

/** @throws {InvalidArgumentError} for what cannot be the name of an ffmpeg `-hwaccel` */
export function checkHardware(name: string | undefined): void {
  if (name !== undefined && !/^\w+$/.test(name))
    throw new InvalidArgumentError('hardware', 'the name of an ffmpeg -hwaccel', name);
}
