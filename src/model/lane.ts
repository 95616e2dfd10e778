import type { Claims, Engine } from './engine.js';
import type { Request } from './request-queue.js';

/** A call whose crops others may take over. */
export interface SharedCall {
  readonly batch: readonly Request[];
  readonly claims: Claims;
}

/** An incident: calls that failed one after another. */
export interface Fault {
  /** Why the first of them failed. */
  readonly error: unknown;
  /** Its outcome was told of. */
  told: boolean;
}

/** Weight of the latest call in the running estimate of what a crop costs. */
const NEWEST = 0.2;

/** An engine with what the scheduler knows of it. */
export interface Lane {
  readonly engine: Engine;
  /** Batches under way, and the requests in them. */
  active: number;
  crops: number;
  /** Calls under way that others may take crops from, oldest first. */
  readonly shared: SharedCall[];
  /** Running estimate of milliseconds per crop; undefined before the first call. */
  msPerCrop: number | undefined;
  /** Calls that failed one after another. */
  strikes: number;
  fault: Fault | undefined;
  /** It gets nothing but what others failed on. */
  standby: boolean;
}

export function createLane(engine: Engine, standby = false): Lane {
  return {
    engine,
    active: 0,
    crops: 0,
    shared: [],
    msPerCrop: undefined,
    strikes: 0,
    fault: undefined,
    standby,
  };
}

/** Notes what a call cost. */
export function noteCost(lane: Lane, ms: number, crops: number): void {
  const each = ms / crops;
  lane.msPerCrop = lane.msPerCrop === undefined ? each : lane.msPerCrop + (each - lane.msPerCrop) * NEWEST;
}

/** Most crops a lane computes within `ms`, at least 1. */
export function cropsWithin(lane: Lane, ms: number): number {
  return lane.msPerCrop ? Math.max(1, Math.floor(ms / lane.msPerCrop)) : Number.POSITIVE_INFINITY;
}
