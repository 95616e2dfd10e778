import { CommandError } from '../host.js';
import type { ErrorCode, Limits } from '../protocol/index.js';
import { type ReadMessage, readMessage } from './commands.js';
import { TokenBucket } from './token-bucket.js';

/** Commands of one client that wait for the one before them; above that it is flooding. */
const MOST_WAITING = 64;

/** Which of a client's messages are commands to carry out: those it may send, no more than it may, in order. */
export class MessageGate {
  readonly #limits: Limits;
  readonly #bucket: TokenBucket;
  #lastId = -1;
  /** Commands let in and not done. */
  #waiting = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#bucket = new TokenBucket(limits.messagesPerSecond);
  }

  /** The command in a message, or why it is not carried out. */
  admit(bytes: Buffer, isBinary: boolean): ReadMessage {
    const { messageBytes, messagesPerSecond } = this.#limits;
    const none = (code: ErrorCode, message: string, re: number | null = null) => ({
      re,
      error: new CommandError(code, message),
    });
    if (isBinary) return none('BINARY_MESSAGE', 'expected text, got a binary message');
    if (bytes.length > messageBytes)
      return none('TOO_LARGE', `expected at most ${messageBytes} bytes, got ${bytes.length}`);
    const read = readMessage(bytes.toString());
    if (!this.#bucket.take() || this.#waiting >= MOST_WAITING)
      return none('RATE_LIMITED', `expected at most ${messagesPerSecond} commands a second`, read.re);
    if (!('command' in read)) return read;
    if (read.re <= this.#lastId)
      return none('OUT_OF_ORDER', `id: expected more than ${this.#lastId}, got ${read.re}`, read.re);
    this.#lastId = read.command.id;
    this.#waiting++;
    return read;
  }

  /** A command that was let in is done. */
  done(): void {
    this.#waiting--;
  }
}
