/**
 * Base of every error this package throws on purpose. `code` is stable across releases and is what programs
 * should test; `message` says what was expected and what was got and may change.
 */
export class SiamtrackError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A parameter outside what a function accepts. `code` is always `INVALID_ARGUMENT`. */
export class InvalidArgumentError extends SiamtrackError {
  /**
   * @param name the parameter as its caller knows it
   * @param expected what would have been accepted, in words
   * @param got the offending value; it is shown shortened
   */
  constructor(name: string, expected: string, got: unknown) {
    super('INVALID_ARGUMENT', `${name}: expected ${expected}, got ${show(got)}`);
  }
}

function show(value: unknown): string {
  const text =
    typeof value === 'string' ? JSON.stringify(value) : Array.isArray(value) ? `[${value}]` : String(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
