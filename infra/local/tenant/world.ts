// What all parts of the running tenant share: its directory, its switches, its keys, its address.

import type { Directory } from './directory.ts';
import type { Faults } from './faults.ts';
import type { Paging } from './query.ts';
import type { SigningKeys } from './tokens.ts';
import type { WriteAuthority } from './write-rights.ts';

/** All of it may be changed while the tenant runs. */
export interface Settings {
  /** Added to every answer of Graph. */
  latencyMs: number;
  /** Permissions and roles withheld from every token at once, also from those issued already. Real
      Graph notices only when the token is renewed; a test would have to wait a day. */
  readonly withheld: Set<string>;
  /** The tenant has no licence for Privileged Identity Management: 400 or 403 are reported. */
  noPim: 400 | 403 | undefined;
  authority: WriteAuthority;
  readonly paging: Paging;
}

/** One request that arrived, kept for tests. `item` is the id within a batch; status 0: no answer left. */
/** Times are milliseconds since 1970, with their fraction. */
export interface RequestRecord {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly item?: string;
  /** 0 until it is answered. */
  status: number;
  answeredAt?: number;
}

export interface World {
  readonly directory: Directory;
  readonly settings: Settings;
  readonly faults: Faults;
  readonly keys: SigningKeys;
  /** https://127.0.0.1:port, known once the server listens. */
  origin: string;
  readonly requests: RequestRecord[];
}
