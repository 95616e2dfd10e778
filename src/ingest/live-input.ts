import type { LiveSettings } from './live-settings.js';
import type { SourceAddress } from './source-form.js';
import { HTTP_PROTOCOLS } from './video-input.js';

/**
 * ffmpeg's options before a live input. No frame waits for a later one: the decoder may not keep several in work at once
 * (`low_delay`), and the first is shown without first collecting a second of them to guess the frame rate.
 *
 * @param version see `ffmpegVersion`
 * @param options `hardware` only as far as it is still to be tried; `realtime` as decided
 */
export function liveInputOptions(address: SourceAddress, options: LiveSettings, version: number): string[] {
  const { threads, hardware, inputOptions = [] } = options;
  const paced = options.realtime === true;
  return [
    ...(threads ? ['-threads', String(threads)] : []),
    ...(hardware ? ['-hwaccel', hardware] : []),
    ...(paced ? ['-re'] : ['-flags', 'low_delay', '-fpsprobesize', '0']),
    ...formOptions(address, options),
    ...timeoutOptions(address, options, version),
    ...inputOptions,
  ];
}

function formOptions({ form, input }: SourceAddress, options: LiveSettings): string[] {
  switch (form) {
    case 'rtsp':
      return [
        ...['-protocol_whitelist', 'rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,httpproxy,crypto'],
        ...['-rtsp_transport', options.transport ?? 'tcp', '-allowed_media_types', 'video'],
      ];
    case 'rtmp':
      return [
        ...[
          '-protocol_whitelist',
          'rtmp,rtmps,rtmpt,rtmpts,rtmpe,ffrtmphttp,ffrtmpcrypt,http,https,tcp,tls,crypto',
        ],
        ...['-rtmp_live', 'live', '-analyzeduration', '500000'],
      ];
    case 'http':
      return ['-protocol_whitelist', HTTP_PROTOCOLS];
    case 'srt':
      return ['-protocol_whitelist', 'srt,udp', '-analyzeduration', '500000'];
    case 'udp':
      return [
        ...['-protocol_whitelist', 'udp,rtp,rtcp', '-analyzeduration', '500000'],
        ...(/^udp:/i.test(input) ? ['-overrun_nonfatal', '1'] : []),
      ];
    case 'tcp':
      return ['-protocol_whitelist', 'tcp', '-analyzeduration', '500000'];
    case 'v4l2':
      return ['-f', 'v4l2'];
    case 'avfoundation':
      return ['-f', 'avfoundation', '-framerate', '30'];
    case 'dshow':
      return ['-f', 'dshow', '-rtbufsize', '256M'];
    case 'lavfi':
      return ['-re', '-f', 'lavfi'];
    case 'file':
      return options.loop ? ['-stream_loop', '-1'] : [];
  }
}

/**
 * Longer than the watchdog's patience, and only for when there is no watchdog any more: a program that was killed outright
 * leaves an ffmpeg that waits for a silent server, and without this would wait for ever.
 */
function timeoutOptions({ form, input }: SourceAddress, options: LiveSettings, version: number): string[] {
  const milliseconds = Math.max(options.connectTimeout, options.stallTimeout) + 5000;
  const microseconds = String(Math.min(milliseconds * 1000, 2_000_000_000));
  switch (form) {
    case 'rtsp':
      return [version >= 5 ? '-timeout' : '-stimeout', microseconds];
    case 'http':
    case 'rtmp':
    case 'srt':
    case 'tcp':
      return ['-rw_timeout', microseconds];
    case 'udp':
      return /^udp:/i.test(input) ? ['-timeout', microseconds] : [];
    default:
      return [];
  }
}
