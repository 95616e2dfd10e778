import { SiamtrackError } from '../../common/index.js';

/** A result file that is not what its format asks for. `code` is always `RESULT_FILE_INVALID`. */
export class ResultFileError extends SiamtrackError {
  /**
   * @param where the file, with `:line` (1-based) where a line is to blame
   * @param expected what the format asks for, in words
   * @param got what is there; it is shown shortened
   */
  constructor(where: string, expected: string, got: string, options?: ErrorOptions) {
    const shown = got.length > 120 ? `${got.slice(0, 117)}...` : got;
    super('RESULT_FILE_INVALID', `${where}: expected ${expected}, got ${shown}`, options);
  }
}
