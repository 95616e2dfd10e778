export { type Applied, Streams, type StreamsOptions } from './streams.js';
