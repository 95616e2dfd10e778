import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a driver of a real GPU opens. */
const DEVICES =
  /^\/dev\/(dri\/(renderD|card)\d+|nvidia(ctl|\d+|-uvm)|dxg|kfd|mali\d*|kgsl-3d\d+|pvr_sync|panfrost)$/;

/** Vulkan drivers that compute on the processor: Mesa's lavapipe, Google's SwiftShader. */
const SOFTWARE_DRIVERS = /libvulkan_lvp|libvk_swiftshader/;

/**
 * Whether the GPU that this process has opened through Vulkan is none, but a program on the processor that passes for
 * one. ONNX Runtime does not say which adapter it took; it takes a software one only where there is no other. On Linux only:
 * elsewhere false.
 */
export function isSoftwareGpu(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    if (!SOFTWARE_DRIVERS.test(readFileSync('/proc/self/maps', 'utf8'))) return false;
    return !readdirSync('/proc/self/fd').some((fd) => DEVICES.test(linkOf(`/proc/self/fd/${fd}`)));
  } catch {
    return false;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // The descriptor that listed the folder is closed by now.
    return '';
  }
}
