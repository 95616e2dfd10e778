import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { z } from 'zod';
import { packageVersion } from '../../common/index.js';
import { CommandError, type StreamHost } from '../host.js';
import {
  AddStreamCommand,
  AddTargetCommand,
  type ErrorCode,
  ErrorReply,
  protocolSchema,
  ReinitTargetCommand,
  ReplyResult,
  type Role,
  SeekCommand,
  StreamInfo,
} from '../protocol/index.js';
import type { Access } from './access.js';

const STATUS: Partial<Record<ErrorCode, number>> = {
  AUTH_REQUIRED: 401,
  BAD_TOKEN: 401,
  FORBIDDEN: 403,
  SOURCE_REFUSED: 403,
  STREAM_NOT_FOUND: 404,
  TARGET_NOT_FOUND: 404,
  STREAM_EXISTS: 409,
  TARGET_EXISTS: 409,
  STREAM_ENDED: 409,
  NO_FRAME: 409,
  FRAME_NOT_HELD: 409,
  NOT_SEEKABLE: 409,
  STREAM_LIMIT: 429,
  TARGET_LIMIT: 429,
  RATE_LIMITED: 429,
  TOO_LARGE: 413,
  INTERNAL: 500,
  SHUTTING_DOWN: 503,
};

/** The HTTP status of a refusal. */
export function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? 400;
}

/** One method of one address: what it takes, what it gives, what it does. */
interface Operation {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly role: 'watch' | 'control';
  readonly body?: z.ZodType;
  readonly result: z.ZodType;
  run(params: Readonly<Record<string, string>>, body: unknown): unknown;
}

const Done = z.object({});
const StreamList = z.object({ streams: z.array(StreamInfo) });
const TargetPlace = ReplyResult.pick({ target: true, frame: true });
const TargetBody = AddTargetCommand.omit({ type: true, id: true, stream: true });
const ReinitBody = ReinitTargetCommand.omit({ type: true, id: true, stream: true, target: true });
const StreamBody = AddStreamCommand.omit({ type: true, id: true });
const SeekBody = SeekCommand.pick({ to: true });

function operations(host: StreamHost): readonly Operation[] {
  const find = (name: string) => {
    const found = host.streams.find(({ stream }) => stream === name);
    if (!found)
      throw new CommandError('STREAM_NOT_FOUND', `stream: expected one that there is, got "${name}"`);
    return found;
  };
  const streams = '/api/streams';
  const stream = `${streams}/{stream}`;
  const target = `${stream}/targets/{target}`;
  return [
    {
      method: 'GET',
      path: streams,
      summary: 'All streams as they stand',
      role: 'watch',
      result: StreamList,
      run: () => ({ streams: host.streams }),
    },
    {
      method: 'POST',
      path: streams,
      summary: 'Open a source',
      role: 'control',
      body: StreamBody,
      result: StreamInfo,
      run: (_, body) => host.addStream(body as z.output<typeof StreamBody>),
    },
    {
      method: 'GET',
      path: stream,
      summary: 'A stream as it stands',
      role: 'watch',
      result: StreamInfo,
      run: (params) => find(params.stream),
    },
    {
      method: 'DELETE',
      path: stream,
      summary: 'Close a source that a client opened',
      role: 'control',
      result: Done,
      run: async (params) => {
        await host.removeStream(params.stream);
        return {};
      },
    },
    {
      method: 'POST',
      path: `${stream}/targets`,
      summary: 'Follow what is in a box',
      role: 'control',
      body: TargetBody,
      result: TargetPlace,
      run: (params, body) =>
        host.addTarget({ ...(body as z.output<typeof TargetBody>), stream: params.stream }),
    },
    {
      method: 'POST',
      path: target,
      summary: 'Show a target anew',
      role: 'control',
      body: ReinitBody,
      result: TargetPlace,
      run: ({ stream, target }, body) =>
        host.reinitTarget({ ...(body as z.output<typeof ReinitBody>), stream, target }),
    },
    {
      method: 'DELETE',
      path: target,
      summary: 'Forget a target',
      role: 'control',
      result: Done,
      run: (params) => {
        host.removeTarget(params.stream, params.target);
        return {};
      },
    },
    ...(['pause', 'resume'] as const).map(
      (what): Operation => ({
        method: 'POST',
        path: `${stream}/${what}`,
        summary: `${what === 'pause' ? 'Stop' : 'Go on with'} a file`,
        role: 'control',
        result: Done,
        run: (params) => {
          host[what](params.stream);
          return {};
        },
      }),
    ),
    {
      method: 'POST',
      path: `${stream}/seek`,
      summary: 'Go to another place of a file',
      role: 'control',
      body: SeekBody,
      result: Done,
      run: async (params, body) => {
        await host.seek(params.stream, (body as z.output<typeof SeekBody>).to);
        return {};
      },
    },
  ];
}

/** Streams and targets over HTTP: the commands of the protocol, one request each. */
export function registerApi(
  app: FastifyInstance,
  host: StreamHost,
  access: Pick<Access, 'roleOfRequest'>,
): void {
  const all = operations(host);
  for (const { method, path, role, body: schema, run } of all)
    app.route({
      method,
      url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
      handler: async (request) => {
        authorise(request, access, role);
        const parsed = schema?.safeParse(request.body ?? {});
        if (parsed && !parsed.success) throw new CommandError('BAD_MESSAGE', z.prettifyError(parsed.error));
        return run(request.params as Record<string, string>, parsed?.data);
      },
    });
  const openApi = openApiDocument(all);
  app.get('/api/openapi.json', () => openApi);
  const protocol = protocolSchema();
  app.get('/api/protocol.json', () => protocol);
}

/** @throws CommandError `BAD_TOKEN`, `AUTH_REQUIRED`, `FORBIDDEN` */
export function authorise(
  request: FastifyRequest,
  access: Pick<Access, 'roleOfRequest'>,
  needed: 'watch' | 'control',
): void {
  const role: Role | undefined = access.roleOfRequest(request.raw);
  if (role === undefined) throw new CommandError('BAD_TOKEN', 'expected a token that the server has');
  if (role === 'none')
    throw new CommandError('AUTH_REQUIRED', 'expected a token: Authorization: Bearer TOKEN');
  if (needed === 'control' && role !== 'control')
    throw new CommandError('FORBIDDEN', `expected role control, got ${role}`);
}

/** Answers a failed request as a command is answered. */
export function answerError(log: Logger) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    let refusal: CommandError;
    const status = (error as { statusCode?: number }).statusCode;
    if (error instanceof CommandError) refusal = error;
    else if (status !== undefined && status < 500)
      refusal = new CommandError(status === 413 ? 'TOO_LARGE' : 'BAD_MESSAGE', (error as Error).message);
    else {
      log.error({ err: error, route: request.routeOptions.url }, 'a request failed');
      refusal = new CommandError('INTERNAL', 'the server failed; its log says more');
    }
    const { code, message } = refusal;
    return reply
      .status(error === refusal || !status ? statusOf(code) : status)
      .send({ error: { code, message } });
  };
}

/** Answers what could not be read as a request, in the same form, and closes the connection. */
export function answerNonsense(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code, message]: readonly [string, ErrorCode, string] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'TOO_LARGE', 'expected shorter headers']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'BAD_MESSAGE', 'expected the whole request sooner']
        : ['400 Bad Request', 'BAD_MESSAGE', 'expected an HTTP request'];
  const body = JSON.stringify({ error: { code, message } });
  const headers = `Connection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
}

function openApiDocument(all: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {};
  const json = (schema: z.ZodType, io: 'input' | 'output') => {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, reused: 'inline' }) as Record<
      string,
      unknown
    >;
    return { 'application/json': { schema: rest } };
  };
  for (const { method, path, summary, role, body, result } of all) {
    paths[path] ??= {};
    paths[path][method.toLowerCase()] = {
      summary,
      description: `Role ${role}.`,
      parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...(body ? { requestBody: { required: true, content: json(body, 'input') } } : {}),
      responses: {
        200: { description: 'Done', content: json(result, 'output') },
        default: { description: 'Refused', content: json(ErrorReply.pick({ error: true }), 'output') },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'siamtrack', version: packageVersion() },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{ token: [] }],
    paths,
  };
}
