import { SiamtrackError } from '../common/index.js';

/** Why an engine could not be installed. */
export type EngineErrorCode =
  | 'ENGINE_PLATFORM'
  | 'ENGINE_TOOL_MISSING'
  | 'ENGINE_DOWNLOAD'
  | 'ENGINE_FILES'
  | 'ENGINE_CHECKSUM'
  | 'ENGINE_BUILD';

/**
 * An engine that could not be installed. `ENGINE_PLATFORM`: no library for this machine; `ENGINE_TOOL_MISSING`:
 * Python, pip, make or a compiler is missing (the message says what to run); `ENGINE_DOWNLOAD`: the package index
 * could not be reached or lacks the version; `ENGINE_FILES`: a file is missing in what was given; `ENGINE_CHECKSUM`: a
 * file is not the one that was published; `ENGINE_BUILD`: the addon did not compile or load.
 */
export class EngineError extends SiamtrackError {
  declare readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
