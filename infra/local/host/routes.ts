// Which function answers a request: routes and HTTP methods of the registered functions, matched as the Functions host does (without regard to case).
// Called once for each request by server.ts. It knows nothing of keys, bodies or invocations.

import type { RegisteredFunction } from './worker.ts';

export interface Match {
  readonly fn: RegisteredFunction;
  readonly params: Readonly<Record<string, string>>;
}

export type Router = (method: string, pathname: string) => Match | undefined;

interface Route {
  readonly fn: RegisteredFunction;
  readonly methods: readonly string[];
  readonly pattern: RegExp;
  readonly literals: number;
}

/** `prefix` is host.json's `extensions.http.routePrefix`; a wrong method is no match: the host answers 404, never 405. */
export function createRouter(functions: readonly RegisteredFunction[], prefix: string): Router {
  const routes = functions
    .filter((fn) => fn.trigger.type === 'httpTrigger')
    .map((fn) => toRoute(fn, prefix))
    .sort((a, b) => b.literals - a.literals);

  return (method, pathname) => {
    for (const { fn, methods, pattern } of routes) {
      if (!methods.includes(method)) continue;
      const found = pattern.exec(pathname);
      if (found !== null) return { fn, params: decodeAll(found.groups ?? {}) };
    }
    return undefined;
  };
}

function toRoute(fn: RegisteredFunction, prefix: string): Route {
  const { route = fn.name, methods = ['GET', 'POST'] } = fn.trigger;
  const segments = [prefix, route]
    .join('/')
    .split('/')
    .filter((segment) => segment !== '');
  const pattern = segments.map(segmentPattern).join('');
  return {
    fn,
    methods: methods.map((method) => method.toUpperCase()),
    pattern: new RegExp(`^${pattern}/?$`, 'i'),
    literals: segments.filter((segment) => !segment.startsWith('{')).length,
  };
}

// `{name}`, `{name?}` and `{*name}`; a constraint such as `{id:int}` is more than this host knows, and says so.
function segmentPattern(segment: string): string {
  if (!segment.includes('{')) return `/${segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`;
  const [, star, name, optional] = /^\{(\*?)(\w+)(\??)\}$/.exec(segment) ?? [];
  if (name === undefined)
    throw new Error(`The local host cannot read the route part "${segment}".`);
  if (star === '*') return `(?:/(?<${name}>.*))?`;
  return optional === '?' ? `(?:/(?<${name}>[^/]+))?` : `/(?<${name}>[^/]+)`;
}

function decodeAll(groups: Record<string, string | undefined>): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(groups)) {
    if (value !== undefined) params[name] = decode(value);
  }
  return params;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
