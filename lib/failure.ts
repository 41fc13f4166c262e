// Everything that can go wrong with a request, as one tagged union: `code` is the word on the wire,
// the other members are the evidence. Knows no status, no header, no sentence: failure-answer.ts has those.

/** One thing wrong with the request; `pointer` is a JSON Pointer into what was sent. */
export interface Problem {
  readonly pointer: string;
  readonly detail: string;
}

/** Why somebody is not let in; said to them only as far as it helps to type the right thing. */
export type CredentialFault =
  | 'no-key'
  | 'unknown-key'
  | 'no-token'
  | 'bad-token'
  | 'expired-token'
  | 'unknown-app'
  | 'no-signature'
  | 'bad-signature'
  | 'stale-signature';

/** Which rule of the caller's entry (or of the token) says no. */
export type CallerRule = 'domains' | 'groups' | 'mayEnable' | 'appRole';

/** Why a user counts as protected; kept for the audit, never said on the wire. */
export type ProtectedBecause =
  | 'role'
  | 'role-assignable-group'
  | 'protected-group'
  | 'management-restricted'
  | 'unlisted-domain'
  | 'somebody-else'
  | 'unreadable';

/** `graphRequestId`: Graph's own id of the answer that says so, for the record. */
export type Failure = FailureByCode & { readonly graphRequestId?: string | undefined };

type FailureByCode =
  | { readonly code: 'InvalidRequest'; readonly problems: readonly Problem[] }
  | { readonly code: 'UnsupportedPayload'; readonly problems: readonly Problem[] }
  | { readonly code: 'Unauthenticated'; readonly fault: CredentialFault; readonly door: Door }
  | { readonly code: 'CallerNotAllowed'; readonly rule: CallerRule }
  | { readonly code: 'TargetProtected'; readonly because: ProtectedBecause }
  | { readonly code: 'RecentlyReset'; readonly until: Date }
  /** `right`: the permission or role whose lack is the likely cause. */
  | { readonly code: 'GraphDenied'; readonly step: 'read' | 'write'; readonly right: string }
  | { readonly code: 'UserNotFound' }
  | { readonly code: 'InProgress' }
  | { readonly code: 'LengthRequired' }
  | { readonly code: 'PayloadTooLarge' }
  | { readonly code: 'UnsupportedMediaType'; readonly what: 'type' | 'encoding' }
  | { readonly code: 'KeyReused' }
  | { readonly code: 'DirectorySynced' }
  | { readonly code: 'GuestUser' }
  | { readonly code: 'FederatedUser' }
  | { readonly code: 'PasswordRejected' }
  | { readonly code: 'GraphRejected' }
  | {
      readonly code: 'TooManyRequests';
      readonly by: 'caller' | 'graph';
      readonly retryAfterSeconds: number;
    }
  | { readonly code: 'InternalError' }
  | { readonly code: 'NotConfigured' }
  | { readonly code: 'GraphUnavailable'; readonly retryAfterSeconds: number }
  | { readonly code: 'IdentityUnavailable' }
  | { readonly code: 'LedgerUnavailable' }
  | { readonly code: 'OutcomeUnknown'; readonly retryAfterSeconds: number };

export type FailureCode = Failure['code'];

/** The two doors: what counts as a credential differs between them. */
export type Door = 'function' | 'entra';
