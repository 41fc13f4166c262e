// The whole handler over headers of any kind and ports in any trouble: always one answer of the
// contract, and a password in it only when one was written.

import fc from 'fast-check';
import type { Incoming } from '../../lib/admission.ts';
import type { Answer } from '../../lib/answer.ts';
import type { Claim } from '../../lib/claim.ts';
import type { Failure } from '../../lib/failure.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { UserFacts, WriteOutcome } from '../../lib/target.ts';
import { aJourney, type JourneyChanges, requestId, startedAt } from '../support/a-journey.ts';
import { aLedger } from '../support/a-ledger.ts';
import { aBody, aRequest, bytesOf } from '../support/a-valid-request.ts';
import { aTenant, userId } from '../support/a-valid-user.ts';
import { demandContract } from '../support/contract-answer.ts';

// --- headers ---------------------------------------------------------------------------------------

const headerNames = [
  'accept',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'origin',
  'idempotency-key',
  'x-functions-key',
  'authorization',
  'x-ms-client-request-id',
  'x-zammad-delivery',
  'x-zendesk-webhook-invocation-id',
  'webhook-id',
  'x-ms-workflow-run-id',
  'x-ms-workflow-operation-name',
  'x-ms-client-principal',
];
const likely = fc.constantFrom(
  'application/json',
  'application/problem+json',
  'text/plain',
  'text/plain;q=0.5, */*',
  'gzip',
  'identity',
  'Bearer a.b.c',
  '"quoted"',
  '"',
  '{{ticket.id}}',
  'k'.repeat(256),
  '',
);
/** What a server lets through: no line breaks, no zero, nothing beyond Latin-1. */
const headerValue = fc.oneof(
  likely,
  fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
  }),
);
const headers = fc.dictionary(fc.constantFrom(...headerNames), fc.option(headerValue), {
  maxKeys: 6,
});

export const handlerHeaders = fc.asyncProperty(
  headers,
  fc.boolean(),
  fc.constantFrom<Incoming['door']>('function', 'entra'),
  async (sent, isDryRun, door) => {
    const { handle } = aJourney({
      tokens: { verify: async () => ok({ azp: 'app-1', roles: ['PasswordReset.Invoke'] }) },
    });
    const body = aBody({ DryRun: isDryRun });
    const answer = await handle(aRequest({ door, body, headers: sent }));
    demandContract(answer);
    // No answer echoes a sent value, the client's own request id aside.
    const echoed = sent['x-ms-client-request-id'];
    for (const value of Object.values(sent)) {
      if (!value || value.length < 8 || value === echoed || /json|plain/.test(value)) continue;
      if (`${answer.body}${JSON.stringify(answer.headers)}`.includes(value)) {
        throw new Error(`A sent value in the answer: ${value}`);
      }
    }
  },
);

// --- ports -----------------------------------------------------------------------------------------

const failure = fc.constantFrom<Failure>(
  { code: 'UserNotFound' },
  { code: 'GraphDenied', step: 'read', right: 'User.Read.All' },
  { code: 'GraphUnavailable', retryAfterSeconds: 99 },
  { code: 'IdentityUnavailable' },
  { code: 'TooManyRequests', by: 'graph', retryAfterSeconds: 0 },
  { code: 'TargetProtected', because: 'unreadable' },
);
const user: fc.Arbitrary<UserFacts> = fc.record({
  id: fc.constant(userId),
  userPrincipalName: fc.constantFrom('adele.vance@contoso.com', 'Adele.Vance@Contoso.com'),
  displayName: fc.option(fc.string()),
  accountEnabled: fc.boolean(),
  onPremisesSyncEnabled: fc.constantFrom(null, false, true, null, null),
  userType: fc.constantFrom('Member', 'Member', null, 'Guest'),
  isManagementRestricted: fc.constantFrom(null, null, null, true),
  lastPasswordChangeAt: fc.option(fc.constant(startedAt + 1_000_000)),
  memberOf: fc.constant([]),
  owns: fc.constant([]),
  graphRequestId: fc.constantFrom('g-0', undefined),
});
const found = fc.oneof({ weight: 4, arbitrary: user.map((facts) => ok(facts)) }, failure.map(err));
const write: fc.Arbitrary<WriteOutcome> = fc.oneof(
  fc.constantFrom<WriteOutcome>(
    { kind: 'done', graphRequestId: 'g-1' },
    { kind: 'done', graphRequestId: undefined },
    { kind: 'policy', graphRequestId: 'g-2' },
    { kind: 'unknown', graphRequestId: undefined },
  ),
  failure.map((refused) => ({
    kind: 'refused' as const,
    failure: refused,
    graphRequestId: undefined,
  })),
);
const claim = fc.record({
  fingerprint: fc.constantFrom('f-1', 'f-2'),
  age: fc.nat(60_000),
  kind: fc.constantFrom('claimed', 'sent', 'givenUp', 'done', 'refused', 'free'),
});

function claimOf({
  fingerprint,
  age,
  kind,
}: {
  fingerprint: string;
  age: number;
  kind: string;
}): Claim {
  const base = { fingerprint, requestId: 'r-first', at: startedAt - age };
  const receipt = {
    userName: 'adele.vance@contoso.com',
    userId,
    accountEnabled: true,
    forceChange: true,
    completedAt: startedAt - age,
    requestId: 'r-first',
  };
  if (kind === 'claimed') return { ...base, state: 'claimed', earlier: undefined };
  if (kind === 'done') return { ...base, state: 'done', receipt };
  if (kind === 'refused') return { ...base, state: 'refused', until: startedAt };
  if (kind === 'free') return { ...base, state: 'free' };
  return { ...base, state: 'sent', givenUp: kind === 'givenUp' };
}

const body = fc.record(
  {
    UserName: fc.constantFrom('adele.vance@contoso.com', userId, 'megan@contoso.com', ''),
    EnableUserIfNeeded: fc.constantFrom(true, false, 'no', 'maybe'),
    ForceChangePasswordNextSignIn: fc.boolean(),
    RevokeSessions: fc.boolean(),
    DryRun: fc.boolean(),
    Reason: fc.jsonValue(),
  },
  { requiredKeys: ['UserName'] },
);

const down = err({ code: 'LedgerUnavailable' } as const);

/** Every ledger call may find the ledger down, lose a race, or break. */
const ledgerTrouble = fc.array(fc.constantFrom('', '', '', '', '', 'down', 'lost', 'bug'), {
  maxLength: 8,
});

export const handlerPorts = fc.asyncProperty(
  body,
  found,
  fc.array(write, { minLength: 1, maxLength: 3 }),
  fc.boolean(),
  fc.option(claim),
  ledgerTrouble,
  async (sent, looked, writes, revokes, known, trouble) => {
    const ledger = aLedger();
    const troubles = [...trouble];
    const troubled = <T>(
      works: () => Promise<T>,
      lost: T | typeof down,
    ): Promise<T | typeof down> => {
      const kind = troubles.shift();
      if (kind === 'down') return Promise.resolve(down);
      if (kind === 'lost') return Promise.resolve(lost);
      return kind === 'bug' ? Promise.reject(new Error('bug')) : works();
    };
    let wrote = 0;
    let done = false;
    const changes: JourneyChanges = {
      ledger,
      directory: {
        user: async (): Promise<Result<UserFacts, Failure>> => looked,
        tenant: async () => ok(aTenant()),
        setPassword: async () => {
          const outcome = writes[wrote % writes.length] ?? {
            kind: 'unknown',
            graphRequestId: undefined,
          };
          wrote += 1;
          done ||= outcome.kind === 'done';
          return outcome;
        },
        revokeSessions: async () => revokes,
      },
      deliveries: {
        open: (caller, names, fresh, until) =>
          troubled(
            () =>
              known
                ? Promise.resolve(
                    ok({
                      claim: claimOf({
                        ...known,
                        fingerprint: known.fingerprint === 'f-1' ? fresh.fingerprint : 'f-2',
                      }),
                      row: 'row-1',
                      version: 'v-1',
                      isNew: false,
                    }),
                  )
                : ledger.deliveries.open(caller, names, fresh, until),
            down,
          ),
        recent: (...args) => troubled(() => ledger.deliveries.recent(...args), down),
        amend: (...args) =>
          troubled(
            () => (known ? Promise.resolve(ok(args[1].held)) : ledger.deliveries.amend(...args)),
            err('lost' as const),
          ),
      },
      users: {
        read: (...args) => troubled(() => ledger.users.read(...args), down),
        write: (...args) => troubled(() => ledger.users.write(...args), err('lost' as const)),
      },
    };
    const { handle, ledger: kept, lines } = aJourney(changes);
    const answer = await handle(aRequest({ body: bytesOf(JSON.stringify(sent)) }));
    demandContract(answer);
    demandTruth(answer, done, wrote);
    const records = JSON.stringify([kept.rows, [...kept.claims], [...kept.locks], lines]);
    if (/[CJP][a-z]{4}-[A-Z][a-z]{4}-/.test(records)) throw new Error('A password was recorded.');
  },
);

/** An answer that says that nothing was changed is only given when nothing was. */
function demandTruth(answer: Answer, done: boolean, wrote: number): void {
  const said = JSON.parse(answer.body);
  const code = answer.headers['x-ms-error-code'];
  if (said.Status === 'Completed' && !done) throw new Error('Completed, and nothing was written.');
  if (done && said.Status !== 'Completed' && code !== 'InternalError') {
    throw new Error(`A password was written, and the answer is ${code ?? said.Status}.`);
  }
  if (said.Status !== undefined && said.Status !== 'Completed' && wrote > 0) {
    throw new Error(`${said.Status}, and a write was sent.`);
  }
  const ownId = said.Status === undefined || said.Status === 'Completed';
  if (ownId && (said.RequestId ?? said.requestId) !== requestId) throw new Error('Request id.');
}
