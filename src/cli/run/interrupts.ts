/** What a shell reports of a process that an interrupt ended. */
export const INTERRUPTED = 130;

/**
 * The first interrupt (SIGINT, SIGTERM) ends the work in good order; the next one ends the process as usual.
 *
 * @param reason makes what the signal gives as its reason
 */
export function watchInterrupts(reason?: () => Error): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort(reason?.());
  process.once('SIGINT', abort).once('SIGTERM', abort);
  return { signal: controller.signal, stop: () => void process.off('SIGINT', abort).off('SIGTERM', abort) };
}
