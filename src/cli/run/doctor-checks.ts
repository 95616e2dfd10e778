import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { describeError } from '../exit.js';

/** One thing that was looked at. */
export interface Finding {
  readonly name: string;
  readonly works: boolean;
  /** Whether following a target needs it; what is not needed may be absent. */
  readonly needed: boolean;
  /** What was found, or why it does not work. */
  readonly detail: string;
  /** What to do about what does not work. */
  readonly advice?: string;
}

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** A runtime that hangs on a broken driver is as good as absent. */
const PROBE_TIMEOUT_MS = 30_000;

const OLDEST_NODE = 20;

/** What footage is mostly stored in; a decoder each. */
const DECODERS = ['h264', 'hevc', 'av1', 'vp8', 'vp9', 'mpeg1video', 'mpeg2video', 'mpeg4', 'mjpeg'];

/** Several decoders may serve one codec; these are the names ffmpeg lists them under. */
const DECODER_NAMES: Readonly<Record<string, readonly string[]>> = { av1: ['libdav1d', 'libaom-av1', 'av1'] };

const GET_FFMPEG: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux:
    'install it: sudo apt-get install ffmpeg (Debian, Ubuntu), sudo dnf install ffmpeg-free (Fedora), apk add ffmpeg (Alpine)',
  darwin: 'install it: brew install ffmpeg',
  win32: 'install it: winget install Gyan.FFmpeg',
};

/** What each ONNX Runtime execution provider but the processor needs. */
const PROVIDER_NEEDS: Readonly<Record<string, string>> = {
  cuda: 'for an NVIDIA GPU with CUDA and cuDNN 9; fetch its libraries (some 300 MB): ONNXRUNTIME_NODE_INSTALL=true node node_modules/onnxruntime-node/script/install.js',
  tensorrt: 'for an NVIDIA GPU with TensorRT installed; its libraries come with those of cuda',
  webgpu: 'for a GPU with a driver for Vulkan (Linux, with libvulkan1), Direct3D 12 or Metal',
};

/** y = max(x, 0) over four floats, as ONNX: the smallest thing a provider can be asked to compute. */
const SMALLEST_MODEL = 'CAg6MwoMCgF4EgF5IgRSZWx1EgFnWg8KAXgSCgoICAESBAoCCARiDwoBeRIKCggIARIECgIIBEICEA0=';

/** Looks at everything this package uses. Nothing is changed and nothing is downloaded. */
export async function examine(): Promise<Finding[]> {
  const [ffmpeg, ffprobe, sharp, runtime, tensorflow] = await Promise.all([
    examineFfmpeg(),
    examineProgram('ffprobe', process.env.FFPROBE_PATH),
    examineSharp(),
    examineRuntime(),
    examineTensorflow(),
  ]);
  return [
    examineNode(),
    ...ffmpeg,
    ffprobe,
    sharp,
    ...runtime,
    ...(await examineModels()),
    tensorflow,
    await examineWebGpu(),
  ];
}

function examineNode(): Finding {
  const works = Number(process.versions.node.split('.')[0]) >= OLDEST_NODE;
  return {
    name: 'node',
    works,
    needed: true,
    detail: process.versions.node,
    ...(works ? {} : { advice: `install Node ${OLDEST_NODE} or newer: https://nodejs.org/en/download` }),
  };
}

async function examineProgram(name: string, path = name): Promise<Finding> {
  try {
    const { stdout } = await run(path, ['-hide_banner', '-version'], { timeout: PROBE_TIMEOUT_MS });
    const version = /version (\S+)/.exec(stdout)?.[1] ?? 'of unknown version';
    return { name, works: true, needed: true, detail: path === name ? version : `${version} (${path})` };
  } catch (error) {
    return { name, works: false, needed: true, detail: reason(error), advice: adviceOnFfmpeg() };
  }
}

function adviceOnFfmpeg(): string {
  return GET_FFMPEG[process.platform] ?? 'install it: https://ffmpeg.org/download.html';
}

async function examineFfmpeg(): Promise<Finding[]> {
  const path = process.env.FFMPEG_PATH ?? 'ffmpeg';
  const program = await examineProgram('ffmpeg', process.env.FFMPEG_PATH);
  if (!program.works) return [program];
  const { stdout } = await run(path, ['-hide_banner', '-decoders'], { timeout: PROBE_TIMEOUT_MS });
  const has = new Set([...stdout.matchAll(/^ V\S+ (\S+)/gm)].map((match) => match[1]));
  const missing = DECODERS.filter(
    (codec) => !(DECODER_NAMES[codec] ?? [codec]).some((name) => has.has(name)),
  );
  const found = DECODERS.filter((codec) => !missing.includes(codec));
  const decoders: Finding = {
    name: 'ffmpeg decoders',
    works: missing.length === 0,
    needed: found.length === 0,
    detail: missing.length === 0 ? found.join(' ') : `${found.join(' ')}; not ${missing.join(' ')}`,
    ...(missing.length === 0 ? {} : { advice: 'footage of those kinds needs a fuller build of ffmpeg' }),
  };
  return [program, decoders];
}

/** Runs a program text in a node of its own, because a broken native library can end the process that loads it. */
async function inOwnProcess(code: string): Promise<unknown> {
  // Anything that libraries print on stdout comes before the last line.
  const { stdout } = await run(process.execPath, ['-e', code], { timeout: PROBE_TIMEOUT_MS });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

async function examineSharp(): Promise<Finding> {
  const name = 'sharp';
  try {
    const path = require.resolve(name);
    const versions = (await inOwnProcess(
      `console.log(JSON.stringify(require(${JSON.stringify(path)}).versions))`,
    )) as Record<string, string>;
    return { name, works: true, needed: true, detail: `${versions.sharp} (libvips ${versions.vips})` };
  } catch (error) {
    const advice = 'it reads stills; its builds are optional packages: install again without --omit=optional';
    return { name, works: false, needed: true, detail: reason(error), advice };
  }
}

function versionOf(name: string): string {
  return require(`${name}/package.json`).version;
}

async function examineRuntime(): Promise<Finding[]> {
  const name = 'onnxruntime-node';
  let path: string;
  let providers: { name: string }[];
  try {
    path = require.resolve(name);
    providers = (await inOwnProcess(
      `console.log(JSON.stringify(require(${JSON.stringify(path)}).listSupportedBackends()))`,
    )) as { name: string }[];
  } catch (error) {
    const advice = 'install this package again; prebuilt for Linux, macOS and Windows on x64 and arm64';
    return [{ name, works: false, needed: true, detail: reason(error), advice }];
  }
  const runtime: Finding = { name, works: true, needed: true, detail: versionOf(name) };
  return [runtime, ...(await Promise.all(providers.map((provider) => examineProvider(path, provider.name))))];
}

async function examineProvider(path: string, provider: string): Promise<Finding> {
  const name = `provider ${provider}`;
  const needed = provider === 'cpu';
  try {
    const common = new URL('../../common/index.js', import.meta.url).href;
    const { software } = (await inOwnProcess(`
      const { InferenceSession, Tensor } = require(${JSON.stringify(path)});
      const provider = ${JSON.stringify(provider)};
      const options = { executionProviders: [provider], logSeverityLevel: 4 };
      InferenceSession.create(Buffer.from('${SMALLEST_MODEL}', 'base64'), options)
        .then((session) => session.run({ x: new Tensor('float32', [-1, 2, -3, 4], [4]) }))
        .then(({ y }) => {
          if (String(y.data) !== '0,2,0,4') throw new Error('computes wrong numbers: ' + y.data);
          return import(${JSON.stringify(common)}).then((room) => provider === 'webgpu' && room.isSoftwareGpu());
        })
        .then((software) => {
          console.log(JSON.stringify({ software }));
        })
        .catch((error) => { console.error('Error: ' + error.message); process.exit(1); });`)) as {
      software?: boolean;
    };
    const how = software
      ? 'computes in software: the driver is a program on the processor, no GPU'
      : 'computes';
    return {
      name,
      works: true,
      needed,
      detail: `${how} (--engine ${provider === 'cpu' ? 'onnx' : `onnx-${provider}`})`,
    };
  } catch (error) {
    return { name, works: false, needed, detail: reason(error), advice: PROVIDER_NEEDS[provider] };
  }
}

async function examineTensorflow(): Promise<Finding> {
  const name = 'tensorflow';
  const room = new URL('../../tensorflow/index.js', import.meta.url).href;
  try {
    const version = await inOwnProcess(`
      import(${JSON.stringify(room)})
        .then(({ loadTensorFlow }) => loadTensorFlow())
        .then(({ version }) => console.log(JSON.stringify(version['tfjs-core'] ?? '')))
        .catch((error) => { console.error('Error: ' + error.message); process.exit(1); });`);
    const { tensorflowStatus } = await import('../../tensorflow/index.js');
    const used = tensorflowStatus().engines.find((engine) => engine.used);
    const library = used ? `, TensorFlow ${used.version} (${used.variant})` : '';
    return { name, works: true, needed: false, detail: `TensorFlow.js ${version}${library}` };
  } catch (error) {
    const advice = 'for training, and as an engine: siamtrack engine install tensorflow [--gpu]';
    return { name, works: false, needed: false, detail: reason(error).split('; run:')[0], advice };
  }
}

/** TensorFlow.js on WebGPU. */
async function examineWebGpu(): Promise<Finding> {
  const { webGpuStatus } = await import('../../tensorflow/index.js');
  const { version, problem } = webGpuStatus();
  const about = { name: 'webgpu', needed: false };
  if (version !== undefined && problem === undefined)
    return { ...about, works: true, detail: `TensorFlow.js and Dawn ${version}` };
  const advice = `for training without native TensorFlow: siamtrack engine install webgpu${version ? ' --force' : ''}`;
  return { ...about, works: false, detail: problem ?? 'TensorFlow.js on WebGPU is not installed', advice };
}

async function examineModels(): Promise<Finding[]> {
  try {
    const { loadModel, shippedModels } = await import('../../model/index.js');
    const names = await shippedModels();
    if (names.length === 0) {
      const advice = 'name a model folder: siamtrack track ... --model FOLDER';
      return [
        { name: 'model', works: false, needed: true, detail: 'no model came with this package', advice },
      ];
    }
    const findings: Finding[] = [];
    for (const [index, name] of names.entries()) {
      findings.push(
        await loadModel(name).then(
          async (model) => {
            const { manifest, precision } = model;
            await model.dispose();
            const detail = `${manifest.version}, ${precision}${index === 0 ? ', the default' : ''}`;
            return { name: `model ${name}`, works: true, needed: index === 0, detail };
          },
          (error) => {
            const advice = 'its files differ from what was shipped: install this package again';
            return {
              name: `model ${name}`,
              works: false,
              needed: index === 0,
              detail: reason(error),
              advice,
            };
          },
        ),
      );
    }
    return findings;
  } catch (error) {
    const advice = 'see the findings above; the network cannot run without them';
    return [{ name: 'model', works: false, needed: true, detail: reason(error), advice }];
  }
}

/** The one line of an error that says most. */
function reason(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT' && 'path' in error) {
    return `${error.path} was not found`;
  }
  if (error instanceof Error && 'killed' in error && error.killed) return 'did not answer in time';
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const line = /^(?:\w*Error|ERR)\b[^:]*: *(.+)$/m.exec(said)?.[1] ?? describeError(error).split('\n')[0];
  // Native code puts the place in its sources before what it has to say.
  return line
    .replace(/^.* was false\. /, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 200);
}
