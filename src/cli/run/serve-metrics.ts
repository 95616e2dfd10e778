import { Gauge, type Registry } from 'prom-client';
import type { SharedEncoder } from '../../model/index.js';

/** Adds what the shared encoder counts to a registry. */
export function encoderMetrics(registry: Registry, encoder: Pick<SharedEncoder, 'stats' | 'waiting'>): void {
  const { stats } = encoder;
  const metrics: readonly (readonly [string, string, () => number])[] = [
    ['siamtrack_encoder_waiting', 'Requests that wait for the network', () => encoder.waiting],
    ['siamtrack_encoder_requests_total', 'Crops the network has seen', () => stats.requests],
    [
      'siamtrack_encoder_batches_total',
      'Calls of the network; requests / batches is the batch size',
      () => stats.batches,
    ],
    ['siamtrack_encoder_largest_batch', 'Most requests in one call', () => stats.largestBatch],
    ['siamtrack_encoder_crop_seconds_total', 'Cutting crops', () => stats.cropMs / 1000],
    ['siamtrack_encoder_encode_seconds_total', 'Running the encoder', () => stats.encodeMs / 1000],
    ['siamtrack_encoder_head_seconds_total', 'Running the head', () => stats.headMs / 1000],
  ];
  for (const [name, help, read] of metrics)
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
}
