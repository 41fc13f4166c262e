// The answers as JSON Schema: the members of each success, the status of each failure. The
// OpenAPI document and the connector are made from it; a test compares it with what answer.ts writes.

import { statusOf } from '../../lib/failure-answer.ts';

/** Every member of a 200, in the order on the wire. `title` is what a flow designer shows. */
export const successMembers = {
  Status: {
    type: 'string',
    title: 'Status',
    description: 'What was done: Completed, AlreadyCompleted or DryRun.',
  },
  UserName: {
    type: 'string',
    title: 'User name',
    description: 'The user principal name as the directory knows it.',
  },
  UserId: {
    type: 'string',
    title: 'User id',
    description: 'The object id of the user.',
  },
  AccountWasEnabled: {
    type: 'boolean',
    title: 'Account was enabled',
    description: 'Whether the account was enabled before the call.',
  },
  AccountEnabled: {
    type: 'boolean',
    title: 'Account enabled',
    description: 'Whether the account is enabled after the call.',
  },
  ForceChangePasswordNextSignIn: {
    type: 'boolean',
    title: 'Force change at next sign-in',
    description: 'Whether the user has to change the password at the next sign-in.',
  },
  SessionsRevoked: {
    type: 'string',
    title: 'Sessions revoked',
    description: 'What became of the sign-in sessions; Failed leaves the reset itself in force.',
    enum: ['NotRequested', 'Revoked', 'Failed'],
  },
  PasswordReturned: {
    type: 'boolean',
    title: 'Password returned',
    description: 'Whether this answer holds the password; a flow branches on it.',
  },
  WouldEnable: {
    type: 'boolean',
    title: 'Would enable',
    description: 'Whether the reset would enable the account.',
  },
  WouldRevokeSessions: {
    type: 'boolean',
    title: 'Would revoke sessions',
    description: 'Whether the reset would revoke the sign-in sessions.',
  },
  CompletedAt: {
    type: 'string',
    title: 'Completed at',
    description: 'When the reset was completed.',
    format: 'date-time',
  },
  RequestId: {
    type: 'string',
    title: 'Request id',
    description: 'The id under which log and audit know the request.',
  },
  Detail: {
    type: 'string',
    title: 'Detail',
    description: 'What a repeated delivery means and what to do for a new password.',
  },
  Warning: {
    type: 'string',
    title: 'Warning',
    description: 'What the caller should know; absent when there is nothing to say.',
  },
  Password: {
    type: 'string',
    title: 'Password',
    description: 'The new password; absent when it is withheld or was already given.',
    format: 'password',
  },
} as const;

export type SuccessMember = keyof typeof successMembers;

const always: readonly SuccessMember[] = [
  'Status',
  'UserName',
  'UserId',
  'AccountEnabled',
  'ForceChangePasswordNextSignIn',
  'PasswordReturned',
  'RequestId',
];

/** Which members an answer of that status has beside those of every answer, and which it may have. */
export const successes = {
  Completed: {
    has: [...always, 'AccountWasEnabled', 'SessionsRevoked', 'CompletedAt'],
    mayHave: ['Warning', 'Password'],
  },
  AlreadyCompleted: { has: [...always, 'CompletedAt', 'Detail'], mayHave: ['Warning'] },
  DryRun: {
    has: [...always, 'AccountWasEnabled', 'SessionsRevoked', 'WouldEnable', 'WouldRevokeSessions'],
    mayHave: ['Warning'],
  },
} as const satisfies Record<
  string,
  { has: readonly SuccessMember[]; mayHave: readonly SuccessMember[] }
>;

/** The statuses of failures, ascending, each with its codes. */
export const failures: readonly (readonly [status: number, codes: readonly string[]])[] = [
  ...Map.groupBy(Object.entries(statusOf), ([, status]) => status),
].map(([status, entries]) => [status, entries.map(([code]) => code)]);

/** RFC 9457 members, `error` for flows, `errors` for forms. */
export const problemMembers = {
  type: { type: 'string', description: 'Always about:blank.' },
  title: { type: 'string', description: 'What happened, in two or three words.' },
  status: { type: 'integer', description: 'The status of the answer.' },
  detail: { type: 'string', description: 'What happened and what to do now.' },
  requestId: { type: 'string', description: 'The id under which the log knows the request.' },
} as const;
