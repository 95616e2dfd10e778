import type { EngineDescription } from './engine.js';

/**
 * Something went wrong with an engine and no target was lost by it. `ENGINE_RECOVERED`: calls failed, their requests
 * were answered by a second attempt; `ENGINE_REPLACED`: an engine failed for good and another one does its work now.
 * One event per incident, when its outcome is known.
 */
export interface EngineEvent {
  readonly code: 'ENGINE_RECOVERED' | 'ENGINE_REPLACED';
  readonly message: string;
  /** The engine that failed. */
  readonly engine: EngineDescription;
  readonly cause: unknown;
}

/** `onnxruntime 1.30.0 (cuda, float32)`. */
export function describeEngine({ runtime, device, precision }: EngineDescription): string {
  return `${runtime} (${device}, ${precision})`;
}

export function recovered(engine: EngineDescription, cause: unknown): EngineEvent {
  const message = `${describeEngine(engine)} failed and goes on: ${reasonOf(cause)}`;
  return { code: 'ENGINE_RECOVERED', message, engine, cause };
}

export function replaced(engine: EngineDescription, by: EngineDescription, cause: unknown): EngineEvent {
  const message = `${describeEngine(engine)} failed for good, ${describeEngine(by)} took over: ${reasonOf(cause)}`;
  return { code: 'ENGINE_REPLACED', message, engine, cause };
}

/** Where nobody listens: on stderr, as Node shows warnings. */
export function warnOfEvent({ code, message }: EngineEvent): void {
  process.emitWarning(message, { type: 'SiamtrackWarning', code });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
