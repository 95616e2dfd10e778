/**
 * The action of a command, whose work is loaded when it is asked for. What a command is called, accepts and says of itself is to cost
 * next to nothing, and what it does may need a network, a server or a queue.
 *
 * @example
 * command.action(lazily(async () => (await import('./run/track.js')).track));
 */
export function lazily<Args extends readonly unknown[]>(
  load: () => Promise<(...args: Args) => void | Promise<void>>,
): (...args: Args) => Promise<void> {
  return async (...args) => (await load())(...args);
}
