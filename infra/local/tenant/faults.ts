// Trouble on order: which coming request fails, and how. Stands before every endpoint of the tenant;
// knows nothing of what is asked.

export type Fault =
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'hang' }
  /** The socket goes before anything is done. */
  | { readonly kind: 'resetBefore' }
  /** The request is carried out, then the socket goes: the caller cannot know. */
  | { readonly kind: 'resetAfter' }
  /** Half of the answer, then the socket goes. */
  | { readonly kind: 'truncate' }
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
      /** True: the request is carried out all the same (a gateway that loses the answer); not for items. */
      readonly applied?: boolean;
    };

/** Graph's throttling, to the letter; without a number it does not say when to come back. */
export const throttled = (retryAfterSeconds?: number): Fault => ({
  kind: 'reply',
  status: 429,
  headers: {
    'Content-Type': 'application/json',
    ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
  },
  body: {
    error: {
      code: 'TooManyRequests',
      innerError: {
        code: '429',
        date: '2020-08-18T12:51:51',
        message: 'Please retry after',
        'request-id': '94fb3b52-452a-4535-a601-69e0a90e3aa2',
        status: '429',
      },
      message: 'Please retry again later.',
    },
  },
});

/** Unset members match everything. `item` matches "METHOD /url" of one item in a batch (decoded), and
    `method` is then the item's; without it `method` and `path` are those of the HTTP request. */
export interface FaultMatch {
  readonly method?: string;
  readonly path?: RegExp;
  readonly item?: RegExp;
}

export interface Faults {
  next(match: FaultMatch, fault: Fault, times?: number): void;
  clear(): void;
  /** How many ordered faults have not happened yet. */
  pending(): number;
  takeRequest(method: string, path: string): Fault | undefined;
  takeItem(method: string, url: string, path: string): Fault | undefined;
}

export function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

export function createFaults(): Faults {
  let orders: { match: FaultMatch; fault: Fault; left: number }[] = [];

  const take = (fits: (match: FaultMatch) => boolean): Fault | undefined => {
    const order = orders.find(({ match }) => fits(match));
    if (order === undefined) return undefined;
    order.left -= 1;
    if (order.left <= 0) orders = orders.filter((other) => other !== order);
    return order.fault;
  };
  const fits = (pattern: RegExp | undefined, text: string): boolean =>
    pattern === undefined || text.search(pattern) >= 0;

  return {
    next: (match, fault, times = 1) => void orders.push({ match, fault, left: times }),
    clear: () => {
      orders = [];
    },
    pending: () => orders.reduce((sum, order) => sum + order.left, 0),
    takeRequest: (method, path) =>
      take(
        (match) =>
          match.item === undefined &&
          (match.method ?? method) === method &&
          fits(match.path, decoded(path)),
      ),
    takeItem: (method, url, path) =>
      take(
        (match) =>
          match.item !== undefined &&
          (match.method ?? method) === method &&
          fits(match.path, path) &&
          fits(match.item, `${method} ${decoded(url)}`),
      ),
  };
}
