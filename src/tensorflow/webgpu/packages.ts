import { EngineError } from '../engine-error.js';

/** A package of the WebGPU engine: what npm is asked for, and the digest of its tarball as the registry publishes it. */
interface PinnedPackage {
  readonly version: string;
  readonly integrity: string;
}

/**
 * What the engine consists of. TensorFlow.js brings the gradients, the backend its WGSL kernels, and `webgpu` is Dawn, Chromium's
 * WebGPU, built for Node. All three releases were tried together; see docs/engines/webgpu.md.
 */
export const PACKAGES: Readonly<Record<string, PinnedPackage>> = {
  '@tensorflow/tfjs': {
    version: '4.22.0',
    integrity:
      'sha512-0TrIrXs6/b7FLhLVNmfh8Sah6JgjBPH4mZ8JGb7NU6WW+cx00qK5BcAZxw7NCzxj6N8MRAIfHq+oNbPUNG5VAg==',
  },
  '@tensorflow/tfjs-backend-webgpu': {
    version: '4.22.0',
    integrity:
      'sha512-lvIc7Af4Tl2BCdYp43iQmSCRq3asaKT0q2xaErphXiUZ+jqeB0bQa0ZvQys1Xatvto0U4/c90DVsHPfvkn5ftg==',
  },
  webgpu: {
    version: '0.6.2',
    integrity:
      'sha512-3L4GfmqJLvYUIEWJngEQY+2HQiUlAFkg8+P8NDDj3Xx5hHHIFO/r8JW+ynfqBj7kHN4mbnwO74uB+lrRtLhp4Q==',
  },
};

/** Names the engine: the versions of TensorFlow.js and of Dawn's package. */
export const ENGINE_VERSION = `${PACKAGES['@tensorflow/tfjs'].version}-${PACKAGES.webgpu.version}`;

/** Dawn for each machine, by its folder in its package, and its digest. */
const DAWN: Readonly<Record<string, string>> = {
  'darwin-universal': 'f5b278f3dc65276bf1f8a667f91650d32585431d5b2d148ca729f67924c574a3',
  'linux-arm64': '474a272ac9be570b04fa3791576d32e56f574818e60190c6788a83be90233980',
  'linux-x64': 'ab18a659f8325e874ea45c80347b64336d7f748601102753d2bc669fdecfd710',
  'win32-arm64': 'd0ef6fe1551cd08fb0fee2a8281d38008434697e5d9a6f3bfdcbb9ab00755672',
  'win32-x64': '75fff5db8a7541ad7a2d22c468e6f8bc3614b87c3b649c8ce712f7f5148ef338',
};

/**
 * Dawn for this machine: its folder in its package, and the SHA-256 of its `dawn.node`.
 *
 * @throws {EngineError} `ENGINE_PLATFORM` where there is none
 */
export function dawnBuild(
  platform: string = process.platform,
  arch: string = process.arch,
): { readonly folder: string; readonly sha256: string } {
  // That of Macs serves both their processors.
  const folder = `${platform}-${platform === 'darwin' ? 'universal' : arch}`;
  const sha256 = DAWN[folder];
  if (sha256 !== undefined) return { folder, sha256 };
  throw new EngineError(
    'ENGINE_PLATFORM',
    `expected one of ${Object.keys(DAWN).join(', ')}, for which Dawn is published, got ${platform}-${arch}`,
  );
}
