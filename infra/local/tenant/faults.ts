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

/** This answer, and nothing is done. */
export const reply = <Body>(
  status: number,
  body?: Body,
  headers: Readonly<Record<string, string>> = {},
) => ({ kind: 'reply', status, headers, body }) as const;

/** Graph's throttling, to the letter; without a number it does not say when to come back. */
export const throttled = (retryAfterSeconds?: number): Fault =>
  reply(
    429,
    {
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
    retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) },
  );

/** Unset members match everything. `item` matches "METHOD /url" of one item in a batch (decoded), and
    `method` is then the item's; without it `method` and `path` are those of the HTTP request. */
export interface FaultMatch {
  readonly method?: string;
  readonly path?: RegExp;
  readonly item?: RegExp;
}

export interface Faults {
  /** The answer is a function that lifts the fault again. */
  next(match: FaultMatch, fault: Fault, times?: number): () => void;
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

/** What is due when something asked fits: the oldest first, and each so many times. */
export function createOrders<Asked, Due>() {
  let orders: { readonly fits: (asked: Asked) => boolean; readonly due: Due; left: number }[] = [];
  const drop = (gone: (typeof orders)[number]): void => {
    orders = orders.filter((order) => order !== gone);
  };
  return {
    /** The answer is a function that lifts the order again. */
    add: (fits: (asked: Asked) => boolean, due: Due, times = 1): (() => void) => {
      const order = { fits, due, left: times };
      orders.push(order);
      return () => drop(order);
    },
    take: (asked: Asked): Due | undefined => {
      const order = orders.find(({ fits }) => fits(asked));
      if (order === undefined) return undefined;
      order.left -= 1;
      if (order.left <= 0) drop(order);
      return order.due;
    },
    clear: (): void => {
      orders = [];
    },
    pending: (): number => orders.reduce((sum, { left }) => sum + left, 0),
  };
}

/** A request, or with `item` one item of a batch. */
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly item?: string;
}

export function createFaults(): Faults {
  const { add, take, clear, pending } = createOrders<Asked, Fault>();
  const fits = (pattern: RegExp | undefined, text = ''): boolean =>
    pattern === undefined || text.search(pattern) >= 0;

  return {
    next: ({ method, path, item }, fault, times) =>
      add(
        (asked) =>
          (item === undefined) === (asked.item === undefined) &&
          (method ?? asked.method) === asked.method &&
          fits(path, asked.path) &&
          fits(item, asked.item),
        fault,
        times,
      ),
    clear,
    pending,
    takeRequest: (method, path) => take({ method, path: decoded(path) }),
    takeItem: (method, url, path) => take({ method, path, item: `${method} ${decoded(url)}` }),
  };
}
