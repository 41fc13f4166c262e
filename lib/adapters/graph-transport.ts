// One request to Microsoft Graph, as a plain reply: status, body, waiting time. Uses the SDK without
// its retry handler, which ignores deadlines, and reads raw responses, because the SDK stumbles over
// empty bodies, HTML and `innerError: null`. Sends through the HTTP client that the tables use: half of
// what fetch costs, and loaded anyway. Decides nothing: graph-reading.ts and
// graph-writing.ts do.

import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
  type HttpMethods,
  type PipelineRequest,
} from '@azure/core-rest-pipeline';
import {
  Client,
  type Context,
  type Middleware,
  ResponseType,
} from '@microsoft/microsoft-graph-client';
import type { Failure } from '../failure.ts';
import { member, parseJson } from '../member.ts';
import { ok, type Result } from '../result.ts';
import { retryAfterMs } from '../retry.ts';

export interface GraphRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** With the version, percent-encoded: `/v1.0/users/…`. */
  readonly path: string;
  readonly body?: unknown;
  /** Our request id: Graph's logs show it. A GUID. */
  readonly requestId?: string | undefined;
}

export type GraphReply =
  /** Nothing came back; `sent`: Graph may have seen the request. */
  | { readonly status: 'lost'; readonly sent: boolean; readonly graphRequestId?: undefined }
  | {
      readonly status: number;
      /** Parsed JSON; undefined when there is none or it cannot be parsed. */
      readonly body: unknown;
      readonly retryAfterMs: number | undefined;
      /** Its header `request-id`, by which Microsoft's support finds it. */
      readonly graphRequestId: string | undefined;
    };

export type Transport = (
  request: GraphRequest,
  signal: AbortSignal,
  until: number,
) => Promise<Result<GraphReply, Failure>>;

/** A bearer token for Graph, or why there is none. */
export type TokenSource = (until: number) => Promise<Result<string, Failure>>;

export function graphTransport(graphOrigin: string, token: TokenSource): Transport {
  const unsent = new WeakSet<Response>();
  const http = createDefaultHttpClient();
  const wire: Middleware = {
    async execute(context: Context): Promise<void> {
      try {
        const { status, headers, bodyAsText } = await http.sendRequest(onTheWire(context));
        context.response = new Response(bodyAsText || null, { status, headers: headers.toJSON() });
      } catch (error) {
        context.response = Response.error(); // the Fetch standard's "network error": status 0
        if (neverConnected(error)) unsent.add(context.response);
      }
    },
  };
  const client = Client.initWithMiddleware({ baseUrl: graphOrigin, middleware: wire });

  return async ({ method, path, body, requestId }, signal, until) => {
    const bearer = await token(until);
    if (!bearer.ok) return bearer;
    if (signal.aborted) return ok({ status: 'lost', sent: false });
    const request = client
      .api(graphOrigin + path)
      .header('Authorization', `Bearer ${bearer.value}`)
      .responseType(ResponseType.RAW)
      .option('signal', signal);
    if (requestId !== undefined) request.header('client-request-id', requestId);
    const response: Response = await send(request, method, body);
    return ok(await replyOf(response, unsent.has(response)));
  };
}

/** As fetch would send it, but for redirects, which nobody follows here. */
function onTheWire({ request, options = {} }: Context): PipelineRequest {
  const { method, headers, body, signal } = options;
  return createPipelineRequest({
    url: String(request),
    method: method as HttpMethods, // the three of GraphRequest
    // No Accept-Encoding: asked for, the client would unpack empty bodies too, and lose their status.
    headers: createHttpHeaders(Object.fromEntries(new Headers(headers))),
    ...(typeof body === 'string' ? { body } : {}),
    ...(signal ? { abortSignal: signal } : {}),
  });
}

type SdkRequest = ReturnType<Client['api']>;

function send(request: SdkRequest, method: GraphRequest['method'], body: unknown) {
  if (method === 'GET') return request.get();
  return method === 'POST' ? request.post(body ?? '') : request.patch(body);
}

async function replyOf(response: Response, unsent: boolean): Promise<GraphReply> {
  if (response.type === 'error') return { status: 'lost', sent: !unsent };
  const text = await response.text();
  return {
    status: response.status,
    body: parseJson(text),
    retryAfterMs: retryAfterMs(response.headers.get('retry-after'), Date.now()),
    graphRequestId: response.headers.get('request-id') ?? undefined,
  };
}

/** Failures of name look-up, connection and handshake: not a byte of the request has left. */
const beforeSending = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

function neverConnected(error: unknown): boolean {
  const code = member(error, 'code');
  return typeof code === 'string' && beforeSending.has(code);
}
