// What every answer of a reset door has to look like, said once for the properties. Throws
// with the reason when an answer is outside the contract.

import type { Answer } from '../../lib/answer.ts';

const codesOf: Readonly<Record<number, readonly string[]>> = {
  400: ['InvalidRequest', 'UnsupportedPayload'],
  401: ['Unauthenticated'],
  403: ['CallerNotAllowed', 'TargetProtected', 'RecentlyReset', 'GraphDenied'],
  404: ['UserNotFound'],
  409: ['InProgress'],
  411: ['LengthRequired'],
  413: ['PayloadTooLarge'],
  415: ['UnsupportedMediaType'],
  422: [
    'KeyReused',
    'DirectorySynced',
    'GuestUser',
    'FederatedUser',
    'PasswordRejected',
    'GraphRejected',
  ],
  429: ['TooManyRequests'],
  500: ['InternalError'],
  503: [
    'NotConfigured',
    'GraphUnavailable',
    'IdentityUnavailable',
    'LedgerUnavailable',
    'OutcomeUnknown',
  ],
};

const always = ['Status', 'UserName', 'UserId', 'AccountEnabled', 'ForceChangePasswordNextSignIn'];
const membersOf: Readonly<Record<string, readonly string[]>> = {
  Completed: [...always, 'AccountWasEnabled', 'SessionsRevoked', 'CompletedAt'],
  AlreadyCompleted: [...always, 'CompletedAt', 'Detail'],
  DryRun: [...always, 'AccountWasEnabled', 'SessionsRevoked', 'WouldEnable', 'WouldRevokeSessions'],
};

function demand(holds: boolean, what: string, answer: Answer): void {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(answer)}`);
}

export function demandContract(answer: Answer): void {
  const { status, headers, body } = answer;
  for (const value of Object.values(headers)) {
    demand(/^[\x20-\x7e]*$/.test(value), 'A header that no server would send', answer);
  }
  demand(headers['Cache-Control'] === 'no-store', 'Cache-Control', answer);
  demand(headers['X-Content-Type-Options'] === 'nosniff', 'nosniff', answer);
  demand(headers['x-ms-request-id'] !== undefined, 'x-ms-request-id', answer);
  demand(headers['Location'] === undefined, 'Location', answer);
  demand(/[^\n]\n$/.test(body), 'One trailing newline', answer);
  if (status === 200) demandSuccess(answer);
  else demandFailure(answer);
}

function demandSuccess(answer: Answer): void {
  const { headers, body } = answer;
  if (headers['Content-Type'] === 'text/plain; charset=utf-8') return;
  demand(headers['Content-Type'] === 'application/json', 'Content-Type', answer);
  const said = JSON.parse(body);
  const names = Object.keys(said);
  const own = membersOf[said.Status] ?? ['no such status'];
  const required = [...own, 'PasswordReturned', 'RequestId'];
  const optional = ['Warning', ...(said.Status === 'Completed' ? ['Password'] : [])];
  demand(
    required.every((name) => names.includes(name)) &&
      names.every((name) => [...required, ...optional].includes(name)),
    'Members',
    answer,
  );
  demand(said.PasswordReturned === 'Password' in said, 'PasswordReturned', answer);
  demand(!('Password' in said) || names.at(-1) === 'Password', 'Password last', answer);
  demand(
    Object.values(said).every((value) => ['string', 'boolean'].includes(typeof value)),
    'Scalar members',
    answer,
  );
  const replayed = said.Status === 'AlreadyCompleted' ? 'true' : undefined;
  demand(headers['Idempotent-Replayed'] === replayed, 'Idempotent-Replayed', answer);
}

function demandFailure(answer: Answer): void {
  const { status, headers, body } = answer;
  const said = JSON.parse(body);
  const code = said.error.code;
  demand(codesOf[status]?.includes(code) === true, 'Code of this status', answer);
  demand(headers['x-ms-error-code'] === code, 'x-ms-error-code', answer);
  demand(said.status === status && said.type === 'about:blank', 'Problem members', answer);
  demand(said.detail === said.error.message && said.detail.length > 0, 'Detail', answer);
  demand(
    /^application\/(problem\+)?json$/.test(headers['Content-Type'] ?? ''),
    'Content-Type',
    answer,
  );
  demand(said.errors !== undefined || body.length < 1024, 'Under 1 KiB', answer);
  demand((said.errors ?? []).length <= 20, 'Twenty problems', answer);
  demand((status === 401) === 'WWW-Authenticate' in headers, 'WWW-Authenticate', answer);
  const wait = headers['Retry-After'];
  const waits = status === 409 || status === 429 || status === 503;
  demand(waits === (wait !== undefined), 'Retry-After', answer);
  demand(
    wait === undefined || (/^\d+$/.test(wait) && Number(wait) >= 1 && Number(wait) <= 3600),
    'Retry-After',
    answer,
  );
}
