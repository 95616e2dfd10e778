/**
 * Settings of a BullMQ worker whose jobs are leases: another worker takes over `lease` seconds after this one was heard of last at the
 * earliest, and one and a half times that at the latest.
 */
export function leaseSettings(lease: number) {
  return {
    lockDuration: lease * 1000,
    lockRenewTime: (lease * 1000) / 3,
    stalledInterval: (lease * 1000) / 2,
    // A job that kills its workers is recognised by its lack of progress instead: a long one may meet many a dead worker.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    runRetryDelay: 1000,
    drainDelay: 1,
    autorun: false,
  };
}
