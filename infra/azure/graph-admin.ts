// Microsoft Graph for whoever sets the product up: the signed-in administrator, not the app's identity.
// Replies are values, so that the tools can say what a refusal means. Knows no right and no object.

import type { TokenCredential } from '@azure/identity';
import { Client, ResponseType } from '@microsoft/microsoft-graph-client';
import { member } from '../../lib/member.ts';
import { printable } from './terminal.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export interface Graph {
  /** `path` is below the version and percent-encoded. Throws one sentence when no answer came. */
  send(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Reply>;
  /** The object, or undefined when there is none. */
  find(path: string): Promise<Row | undefined>;
  /** Every row of every page. */
  list(path: string): Promise<readonly Row[]>;
}

export function graphOrigin(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['GRAPH_ENDPOINT']?.trim() || 'https://graph.microsoft.com';
  const url = URL.parse(given);
  if (url?.protocol !== 'https:') throw new Error('GRAPH_ENDPOINT is no https origin.');
  return url.origin;
}

const requestDeadlineMs = 60_000;

/** @param origin https origin of Graph; the token is asked for that origin. */
export function openGraph(origin: string, credential: TokenCredential): Graph {
  const getAccessToken = async (): Promise<string> => {
    const issued = await credential.getToken(`${origin}/.default`);
    if (issued === null) throw new Error('The Azure CLI gave no token. Type: az login');
    return issued.token;
  };
  const client = Client.initWithMiddleware({
    authProvider: { getAccessToken },
    baseUrl: origin,
    customHosts: new Set([new URL(origin).hostname]),
  });

  const send: Graph['send'] = async (method, path, body) => {
    const request = client
      .api(path.startsWith('/') ? `${origin}/v1.0${path}` : path)
      .responseType(ResponseType.RAW)
      .option('signal', AbortSignal.timeout(requestDeadlineMs));
    try {
      const response: Response = await call(request, method, body);
      const text = await response.text();
      return { status: response.status, body: parse(text) };
    } catch (cause) {
      throw new Error(noAnswer(origin, cause), { cause });
    }
  };
  return {
    send,
    async find(path) {
      const reply = await send('GET', path);
      if (reply.status === 404) return undefined;
      return rowOf(path, reply);
    },
    async list(path) {
      const rows: Row[] = [];
      for (let next: unknown = path; typeof next === 'string'; ) {
        const page = rowOf(path, await send('GET', next));
        rows.push(...(Array.isArray(page['value']) ? page['value'] : []));
        next = page['@odata.nextLink'];
      }
      return rows;
    },
  };
}

/** A literal of $filter: its apostrophes are doubled. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
export const filter = (clause: string): string => `$filter=${encodeURIComponent(clause)}`;

/** Graph's own words about a refusal, fit for a terminal. */
export function wordsOf(reply: Reply): string {
  const error = member(reply.body, 'error');
  const code = String(member(error, 'code') ?? 'no code');
  return printable(`${reply.status} ${code}: ${member(error, 'message') ?? 'no message'}`);
}

type SdkRequest = ReturnType<Client['api']>;

function call(request: SdkRequest, method: Parameters<Graph['send']>[0], body: unknown) {
  if (method === 'GET') return request.get();
  if (method === 'DELETE') return request.delete();
  return method === 'POST' ? request.post(body) : request.patch(body);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function rowOf(path: string, reply: Reply): Row {
  const { status, body } = reply;
  if (status === 200 && typeof body === 'object' && body !== null) return { ...body };
  const what = path.split('?')[0];
  const remedy =
    status === 403
      ? 'Sign in (az login) as somebody who may read the directory: Directory Readers, or Global Reader.'
      : status === 401
        ? 'Sign in again: az login.'
        : 'Try again; if it stays so, look at the sentence above.';
  throw new Error(`Microsoft Graph did not show ${what} (${wordsOf(reply)}).\n${remedy}`);
}

/** The SDK wraps what a credential or the network throws into an error of its own. */
function noAnswer(origin: string, cause: unknown): string {
  const code = String(member(cause, 'code') ?? '');
  const said = cause instanceof Error ? cause.message : String(cause);
  if (/Credential|Authentication/.test(code) || /az login|Azure CLI/.test(said)) {
    return `No sign-in to Microsoft Graph: ${printable(said)}\nType: az login`;
  }
  return `Microsoft Graph (${origin}) did not answer: ${printable(said)}`;
}
