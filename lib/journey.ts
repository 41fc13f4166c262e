// What a request has with it on its way: the ports it may use, and its own case.

import type { TokenVerifier, WellFormed } from './admission.ts';
import type { Admitted } from './caller.ts';
import type { Config } from './config.ts';
import type { Deadline } from './deadline.ts';
import type { AskedRow, RecordTools } from './ending.ts';
import type { Identity } from './identity-rights.ts';
import type { RandomBelow } from './password.ts';
import type { Directory } from './target.ts';

export interface Ports extends RecordTools {
  readonly directory: Directory;
  readonly identity: Identity;
  readonly tokens: TokenVerifier | undefined;
  readonly randomBelow: RandomBelow;
}

/** A well-formed request of a known caller, and the time it has. */
export interface Case extends WellFormed {
  readonly admitted: Admitted;
  readonly config: Config;
  readonly ports: Ports;
  readonly asked: AskedRow;
  readonly deadline: Deadline;
}
