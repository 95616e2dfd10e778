import type { Command } from 'commander';
import { InvalidArgumentError } from '../common/index.js';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';
import { count, port } from './option-values.js';

export interface ServeCommandOptions {
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly model?: string;
  readonly threads?: number;
  readonly loop?: boolean;
  readonly redis?: string;
  readonly queue?: string;
  readonly anonymous?: 'watch' | 'control';
  readonly printConfig?: boolean;
  readonly printSchema?: boolean;
}

/** `siamtrack serve [SOURCE...]`: follows targets in live streams and tells where they are over WebSocket. */
export function registerServe(program: Command): void {
  const command = program
    .command('serve')
    .description('follow targets in cameras and files, live, and tell where they are over WebSocket')
    .argument(
      '[source...]',
      'cameras (rtsp://, http://, /dev/video0, ...) and files; name=SOURCE gives one a name',
    )
    .option('-c, --config <file>', 'read siamtrack.yaml; changes of it take effect while it runs')
    .option('--host <address>', 'address to listen on; beyond this machine a token is needed')
    .option('-p, --port <number>', 'port to listen on; 0 is any free one', port)
    .option('-m, --model <name>', 'a shipped model, a model folder or a model.json')
    .option('--threads <count>', 'threads of the network', count('--threads'))
    .option('--loop', 'play the files given here again and again')
    .option(
      '--redis <url>',
      'pass on the streams that `siamtrack worker --live` holds, found through this Redis',
    )
    .option('--queue <name>', "name of the workers' queue in Redis")
    .option('--anonymous <role>', 'what clients without a token may do: watch or control', parseRole)
    .option('--print-config', 'print the commented default configuration and end')
    .option('--print-schema', 'print the JSON Schema of the configuration and end')
    .action(lazily(async () => (await import('./run/serve.js')).serve));
  addExamples(
    command,
    'serve rtsp://camera.local/stream',
    'serve door=rtsp://camera.local/1 clip=street.mp4 --loop --port 9000',
    'serve --print-config > siamtrack.yaml',
    'serve --redis redis://queue.example',
    'SIAMTRACK_TOKEN=$(openssl rand -hex 16) siamtrack serve --config siamtrack.yaml --host 0.0.0.0',
  );
}

function parseRole(text: string): 'watch' | 'control' {
  if (text === 'watch' || text === 'control') return text;
  throw new InvalidArgumentError('--anonymous', '"watch" or "control"', text);
}
