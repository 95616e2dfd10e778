import { SiamtrackError } from '../common/index.js';

/** A result file that could not be written, or a picture that could not be encoded. `code` is always `OUTPUT_FAILED`. */
export class OutputError extends SiamtrackError {
  /** @param file the file as its caller knows it, or `stdout` @param reason what went wrong, in words */
  constructor(file: string, reason: string, options?: ErrorOptions) {
    super('OUTPUT_FAILED', `${file}: expected to write results there, got ${reason}`, options);
  }
}
