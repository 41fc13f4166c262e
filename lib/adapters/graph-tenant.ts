// What the guard has to know about the tenant: who holds or may activate which role, which groups may
// hold roles, which domains are federated. Whole lists, at most 60 s old, fetched by one at a time.

import { within } from '../deadline.ts';
import type { Failure } from '../failure.ts';
import { member, textMember } from '../member.ts';
import { err, ok, type Result } from '../result.ts';
import { settled } from '../retry.ts';
import { singleFlight } from '../single-flight.ts';
import type { RoleHolding, TenantFacts } from '../target.ts';
import { type Judge, judgeReading, readPages, troubled } from './graph-reading.ts';
import type { Transport } from './graph-transport.ts';

const directoryRead = 'Directory.Read.All';
const eligibilityRead = 'RoleEligibilitySchedule.Read.Directory';
const holdingFields = '$select=principalId,roleDefinitionId,directoryScopeId';

export async function readTenant(
  transport: Transport,
  until: number,
): Promise<Result<TenantFacts, Failure>> {
  const roles = '/v1.0/roleManagement/directory';
  const groups =
    '/v1.0/groups?$filter=isAssignableToRole%20eq%20true&$select=id,visibility&$top=999';
  const [assignments, eligibilities, assignable, domains] = await Promise.all([
    readPages(
      transport,
      `${roles}/roleAssignments?${holdingFields}`,
      directoryRead,
      until,
      holding,
    ),
    readPages(
      transport,
      `${roles}/roleEligibilitySchedules?${holdingFields}`,
      eligibilityRead,
      until,
      (item) => (item === unlicensed ? unlicensed : holding(item)),
      judgeEligibilities,
    ),
    readPages(transport, groups, directoryRead, until, group),
    readPages(
      transport,
      '/v1.0/domains?$select=id,authenticationType',
      directoryRead,
      until,
      domain,
    ),
  ]);
  if (!assignments.ok) return assignments;
  if (!eligibilities.ok) return eligibilities;
  if (!assignable.ok) return assignable;
  if (!domains.ok) return domains;
  const holdings = eligibilities.value.filter((item) => item !== unlicensed);
  return ok({
    assignments: assignments.value,
    eligibilities: holdings.length < eligibilities.value.length ? 'no-licence' : holdings,
    roleAssignableGroups: assignable.value,
    domains: new Map(domains.value),
  });
}

/** Stands in a list for the refusal to give one; a symbol, so that no answer can hold it. */
const unlicensed = Symbol('AadPremiumLicenseRequired');

/** Only this refusal means that nobody is eligible; tools met it as 400 and as 403. */
const judgeEligibilities: Judge = (reply, right) => {
  const refused = reply.status === 400 || reply.status === 403;
  const code = refused ? member(member(reply.body, 'error'), 'code') : undefined;
  if (code === 'AadPremiumLicenseRequired') return settled(ok({ value: [unlicensed] }));
  return judgeReading(reply, right);
};

function holding(item: unknown): RoleHolding | undefined {
  const principalId = textMember(item, 'principalId')?.toLowerCase();
  const roleId = textMember(item, 'roleDefinitionId')?.toLowerCase();
  if (principalId === undefined || roleId === undefined) return undefined;
  return { principalId, roleId, scope: textMember(item, 'directoryScopeId') ?? '' };
}

function group(item: unknown): { id: string; hidden: boolean } | undefined {
  const id = textMember(item, 'id')?.toLowerCase();
  return id === undefined ? undefined : { id, hidden: isHidden(item) };
}

export const isHidden = (item: unknown): boolean =>
  textMember(item, 'visibility') === 'HiddenMembership';

function domain(item: unknown): [string, 'Managed' | 'Federated'] | undefined {
  const id = textMember(item, 'id')?.toLowerCase();
  const type = textMember(item, 'authenticationType');
  if (id === undefined || (type !== 'Managed' && type !== 'Federated')) return undefined;
  return [id, type];
}

const oldestMs = 60_000;
/** From then on a request starts the next reading without waiting for it. */
const refreshMs = 45_000;
/** Shorter than the wait of a request, which then hears why the reading failed. */
const readingMs = 6_000;

type Facts = Result<TenantFacts, Failure>;

/** Age counts from the start of the reading: what came later may be missing from it. */
export function tenantCache(
  fetchFacts: (until: number) => Promise<Facts>,
): (until: number) => Promise<Facts> {
  let kept: { readonly facts: TenantFacts; readonly asOf: number } | undefined;
  const reading = singleFlight(async () => {
    const asOf = Date.now();
    const facts = await fetchFacts(asOf + readingMs);
    if (facts.ok) kept = { facts: facts.value, asOf };
    return facts;
  });
  return async (until) => {
    const age = kept === undefined ? oldestMs : Date.now() - kept.asOf;
    if (kept !== undefined && age >= 0 && age < oldestMs) {
      if (age > refreshMs) reading().catch(() => undefined);
      return ok(kept.facts);
    }
    return (await within(reading(), until - Date.now())) ?? err(troubled());
  };
}
