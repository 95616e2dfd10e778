import { SiamtrackError } from '../common/index.js';

/** A dataset file or folder that is not what its layout asks for. `code` is always `DATASET_INVALID`. */
export class DatasetError extends SiamtrackError {
  /**
   * @param where the file or folder, with `:line` (1-based) where a line is to blame
   * @param expected what the layout asks for, in words
   * @param got what is there
   */
  constructor(where: string, expected: string, got: string, options?: ErrorOptions) {
    super('DATASET_INVALID', `${where}: expected ${expected}, got ${shorten(got)}`, options);
  }
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
