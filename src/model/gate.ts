/**
 * Keeps a thread from being ended inside native code. Node ends a worker thread by making its next call into JavaScript
 * fail, and native code that is under way then (ONNX Runtime's binding for one) ends the whole process with it.
 * Both sides see one number in shared memory.
 */
export type Gate = Int32Array;

const OPEN = 0;
/** The thread computes. */
const INSIDE = 1;
/** Nobody gets in any more: the thread may be ended at any moment. */
const SHUT = 2;
/** The thread computes and is to end itself as soon as it is done. */
const LEAVING = 3;

/** What a thread that has not ended by then does is not waited for at the process's end; milliseconds. */
const LONGEST_WAIT_AT_EXIT_MS = 10_000;

export function makeGate(): Gate {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** The thread's: before it computes. False where it must not. */
export function enterGate(gate: Gate): boolean {
  return Atomics.compareExchange(gate, 0, OPEN, INSIDE) === OPEN;
}

/** The thread's: after it computed. False where it is to end itself. */
export function leaveGate(gate: Gate): boolean {
  if (Atomics.compareExchange(gate, 0, INSIDE, OPEN) === INSIDE) return true;
  Atomics.store(gate, 0, SHUT);
  Atomics.notify(gate, 0);
  return false;
}

/** The thread's: whether somebody waits for its end, so that what is left to do is not wanted. */
export function isLeaving(gate: Gate): boolean {
  return Atomics.load(gate, 0) === LEAVING;
}

/** The owner's: true where the thread can be ended now; false where it computes, and will end itself. */
export function shutGate(gate: Gate): boolean {
  if (Atomics.compareExchange(gate, 0, OPEN, SHUT) === OPEN) return true;
  return Atomics.compareExchange(gate, 0, INSIDE, LEAVING) === SHUT;
}

const live = new Set<Gate>();

/** The process's end ends its threads too: it waits for those that compute. */
export function guardAtExit(gate: Gate): void {
  if (live.size === 0) process.on('exit', waitForAll);
  live.add(gate);
}

export function unguardAtExit(gate: Gate): void {
  if (live.delete(gate) && live.size === 0) process.off('exit', waitForAll);
}

function waitForAll(): void {
  for (const gate of live) if (!shutGate(gate)) Atomics.wait(gate, 0, LEAVING, LONGEST_WAIT_AT_EXIT_MS);
}
