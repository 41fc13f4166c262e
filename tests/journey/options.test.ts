// The options of a request: the dry run that changes nothing and tells everything, sessions that are revoked
// after the write, and the change that has to pass MFA.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { initialPassword } from '../../infra/local/tenant/entities.ts';
import { codeOf } from '../support/door.ts';
import { type Door, openStage, type Stage } from '../support/journey.ts';
import { askedSince, bodiesTo, unknownToMicrosoft } from '../support/seen.ts';

let stage: Stage;
let door: Door;
beforeAll(async () => {
  stage = await openStage();
  door = await stage.open({ COOLDOWN_SECONDS: '120' });
});
afterEach(() => {
  stage.tenant.faults.clear();
  stage.tenant.settings.withheld.clear();
});
afterAll(() => stage.close());

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('DryRun', () => {
  test('an enabled user: what is, what would be, and nothing done', async () => {
    const user = stage.user();
    const reply = await door.reset({ UserName: user.id, DryRun: true });
    expect(reply.json).toEqual({
      Status: 'DryRun',
      UserName: user.userPrincipalName,
      UserId: user.id,
      AccountWasEnabled: true,
      AccountEnabled: true,
      ForceChangePasswordNextSignIn: true,
      SessionsRevoked: 'NotRequested',
      PasswordReturned: false,
      WouldEnable: false,
      WouldRevokeSessions: false,
      RequestId: expect.stringMatching(uuid),
    });
  });

  test('a disabled user with all options', async () => {
    const user = stage.user({ accountEnabled: false });
    const before = stage.tenant.requests.length;
    const reply = await door.reset({
      UserName: user.userPrincipalName,
      DryRun: true,
      RevokeSessions: true,
      ForceChangePasswordNextSignInWithMfa: true,
    });
    expect(reply.json).toEqual({
      Status: 'DryRun',
      UserName: user.userPrincipalName,
      UserId: user.id,
      AccountWasEnabled: false,
      AccountEnabled: false,
      ForceChangePasswordNextSignIn: true,
      SessionsRevoked: 'NotRequested',
      PasswordReturned: false,
      WouldEnable: true,
      WouldRevokeSessions: true,
      RequestId: expect.stringMatching(uuid),
    });
    expect(askedSince(stage.tenant, before)).toEqual(['POST /v1.0/$batch']);
    expect([user.password, user.accountEnabled]).toEqual([initialPassword, false]);
  });

  test('EnableUserIfNeeded: false on a disabled user: would stay so', async () => {
    const { id } = stage.user({ accountEnabled: false });
    const reply = await door.reset({ UserName: id, DryRun: true, EnableUserIfNeeded: false });
    expect([codeOf(reply), reply.json['WouldEnable']]).toEqual(['200 DryRun', false]);
    expect(reply.json['Warning']).toMatch(/disabled/);
  });

  test('claims neither the key nor the user', async () => {
    const { id } = stage.user();
    const key = { 'idempotency-key': 'dry-1' };
    expect(codeOf(await door.reset({ UserName: id, DryRun: true }, key))).toBe('200 DryRun');
    expect(codeOf(await door.reset({ UserName: id, DryRun: true }, key))).toBe('200 DryRun');
    expect(codeOf(await door.reset({ UserName: id }, key))).toBe('200 Completed');
    // Another request under the key would be KeyReused; a dry run does not ask the key.
    const other = stage.user().id;
    expect(codeOf(await door.reset({ UserName: other, DryRun: true }, key))).toBe('200 DryRun');
  });

  test('the cooldown and the lock of the user refuse it as they would the reset', async () => {
    const { id } = stage.user();
    await door.reset({ UserName: id });
    expect(codeOf(await door.reset({ UserName: id, DryRun: true }))).toBe('403 RecentlyReset');
    const busy = stage.user().id;
    stage.tenant.faults.next(
      { method: 'PATCH', path: new RegExp(busy) },
      { kind: 'slow', ms: 1_500 },
    );
    const running = door.reset({ UserName: busy });
    for (let i = 0; i < 200 && bodiesTo(stage.tenant, busy).length === 0; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const meanwhile = await door.reset({ UserName: busy, DryRun: true });
    expect(codeOf(meanwhile)).toBe('409 InProgress');
    expect(meanwhile.headers['retry-after']).toBe('5');
    expect(codeOf(await running)).toBe('200 Completed');
  });

  test('names a right that the identity lacks', async () => {
    const other = await openStage({ without: ['User Administrator'] }, stage.azurite);
    const opened = await other.open();
    const reply = await opened.reset({ UserName: other.user().id, DryRun: true });
    expect(codeOf(reply)).toBe('200 DryRun');
    expect(reply.json['Warning']).toContain('User Administrator');
    await other.close();
  });

  test('leaves an outcome in the log', async () => {
    const { id } = stage.user();
    await door.reset({ UserName: id, DryRun: true, TicketId: 'DRY-1' });
    const line = await door.host.waitForLine(/"claimedTicketId":"DRY-1"/);
    expect(line).toMatch(/"event":"ResetRehearsed"/);
    expect(line).toContain(id);
  });
});

describe('RevokeSessions', () => {
  test('after the write, without a body', async () => {
    const user = stage.user();
    const earlier = user.signInSessionsValidFromDateTime;
    const before = stage.tenant.requests.length;
    const reply = await door.reset(
      { UserName: user.id, RevokeSessions: true },
      { 'idempotency-key': 'rv-1' },
    );
    expect([codeOf(reply), reply.json['SessionsRevoked']]).toEqual(['200 Completed', 'Revoked']);
    expect(reply.json['Warning']).toBeUndefined();
    expect(askedSince(stage.tenant, before)).toEqual([
      'POST /v1.0/$batch',
      `PATCH /v1.0/users/${user.id}`,
      `POST /v1.0/users/${user.id}/revokeSignInSessions`,
    ]);
    expect(stage.tenant.requests.at(-1)?.body).toBeUndefined();
    expect(user.signInSessionsValidFromDateTime).not.toBe(earlier);
  });

  test('not asked: not done', async () => {
    const user = stage.user();
    const before = stage.tenant.requests.length;
    const reply = await door.reset({ UserName: user.id, RevokeSessions: false });
    expect(reply.json['SessionsRevoked']).toBe('NotRequested');
    expect(askedSince(stage.tenant, before).filter((asked) => asked.includes('revoke'))).toEqual(
      [],
    );
  });

  test.each([
    ['denied', { kind: 'reply', status: 403 } as const, 1],
    ['not found', { kind: 'reply', status: 404 } as const, 1],
    ['in trouble for ever', { kind: 'reply', status: 503 } as const, 99],
    ['lost for ever', { kind: 'resetBefore' } as const, 99],
    [
      'throttled for long',
      { kind: 'reply', status: 429, headers: { 'Retry-After': '60' } } as const,
      1,
    ],
  ])('%s: Failed with a warning, the reset counts', async (_what, fault, times) => {
    const user = stage.user();
    stage.tenant.faults.next({ path: new RegExp(`${user.id}/revoke`) }, fault, times);
    const reply = await door.reset({ UserName: user.id, RevokeSessions: true });
    expect([codeOf(reply), reply.json['SessionsRevoked']]).toEqual(['200 Completed', 'Failed']);
    expect(reply.json['Warning']).toMatch(/revoke/i);
    expect(stage.tenant.signIn(user.id, String(reply.json['Password'])).status).toBe(
      'PasswordExpired',
    );
  });

  test.each([
    ['once in trouble', { kind: 'reply', status: 503 } as const],
    ['slow', { kind: 'slow', ms: 1_000 } as const],
    ['answered 204', { kind: 'reply', status: 204 } as const],
  ])('%s: Revoked', async (_what, fault) => {
    const { id } = stage.user();
    stage.tenant.faults.next({ path: new RegExp(`${id}/revoke`) }, fault);
    const reply = await door.reset({ UserName: id, RevokeSessions: true });
    expect(reply.json['SessionsRevoked']).toBe('Revoked');
  });

  test('nothing is revoked when nothing was written', async () => {
    const { id } = stage.user();
    const before = stage.tenant.requests.length;
    stage.tenant.faults.next(
      { method: 'PATCH', path: new RegExp(id) },
      { kind: 'reply', status: 403 },
    );
    await door.reset({ UserName: id, RevokeSessions: true });
    expect(askedSince(stage.tenant, before).filter((asked) => asked.includes('revoke'))).toEqual(
      [],
    );
  });
});

describe('ForceChangePasswordNextSignInWithMfa', () => {
  test.each([[{}], [{ ForceChangePasswordNextSignIn: true }]])(
    'is written beside the flag that it implies (%j)',
    async (beside) => {
      const user = stage.user();
      const reply = await door.reset({
        UserName: user.id,
        ForceChangePasswordNextSignInWithMfa: true,
        ...beside,
      });
      expect(reply.json['ForceChangePasswordNextSignIn']).toBe(true);
      expect(bodiesTo(stage.tenant, user.id)).toEqual([
        {
          passwordProfile: {
            password: reply.json['Password'],
            forceChangePasswordNextSignIn: true,
            forceChangePasswordNextSignInWithMfa: true,
          },
        },
      ]);
      expect(user.mustChange).toBe('passwordWithMfa');
    },
  );

  test('an explicit false is as if it were not there', async () => {
    const user = stage.user();
    const reply = await door.reset({
      UserName: user.id,
      ForceChangePasswordNextSignInWithMfa: false,
      ForceChangePasswordNextSignIn: false,
    });
    expect(codeOf(reply)).toBe('200 Completed');
    expect(user.mustChange).toBe('no');
  });
});

describe('a delivery that comes again', () => {
  test('is AlreadyCompleted, without a password, whatever Graph says now', async () => {
    const user = stage.user({ accountEnabled: false });
    const key = { 'idempotency-key': '"again-1"' };
    const first = await door.reset({ UserName: user.id, RevokeSessions: true }, key);
    expect(codeOf(first)).toBe('200 Completed');
    stage.tenant.faults.next({ item: new RegExp(user.id) }, { kind: 'reply', status: 404 }, 9);
    const again = await door.reset(
      { username: user.id, revokesessions: 'yes' },
      { 'idempotency-key': 'again-1' },
    );
    expect(again.json).toEqual({
      Status: 'AlreadyCompleted',
      UserName: user.userPrincipalName,
      UserId: user.id,
      AccountEnabled: true,
      ForceChangePasswordNextSignIn: true,
      PasswordReturned: false,
      CompletedAt: first.json['CompletedAt'],
      RequestId: first.json['RequestId'],
      Detail: expect.any(String),
    });
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(bodiesTo(stage.tenant, user.id)).toHaveLength(1);
  });

  test('without a key the warning says so', async () => {
    const reply = await door.reset({ UserName: stage.user().id });
    expect(reply.json['Warning']).toMatch(/Idempotency-Key|key/);
  });
});

test('every request to Graph is one that Microsoft has', () => {
  expect(unknownToMicrosoft(stage.tenant)).toEqual([]);
});
