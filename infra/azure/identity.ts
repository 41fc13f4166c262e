// Which service principal is the app's managed identity? Found by the names that Bicep and the platform
// give; never guessed when several fit.

import { filter, type Graph, literal, type Row } from './graph-admin.ts';

export interface Identity {
  readonly id: string;
  readonly appId: string;
  readonly name: string;
}

/** The identity of the app: the user-assigned one that Bicep makes, or the app's own. Throws one sentence. */
export async function findIdentity(
  graph: Graph,
  app: string,
  objectId: string | undefined,
): Promise<Identity> {
  const fields = '$select=id,appId,displayName,servicePrincipalType,alternativeNames';
  if (objectId !== undefined) {
    const found = await graph.find(`/servicePrincipals/${encodeURIComponent(objectId)}?${fields}`);
    if (found === undefined) throw new Error(`No service principal has the object id ${objectId}.`);
    return toIdentity(found);
  }
  const names = [`id-${app}`, app];
  const rows: Row[] = [];
  for (const name of names) {
    const clause = filter(`displayName eq ${literal(name)}`);
    rows.push(...(await graph.list(`/servicePrincipals?${clause}&${fields}`)));
  }
  const found = rows.filter((row) => row['servicePrincipalType'] === 'ManagedIdentity');
  const [only, ...others] = found;
  if (only === undefined) {
    throw new Error(
      `There is no managed identity named ${names.join(' or ')} in the tenant that az is signed in to ` +
        '(az account show --query tenantId). Provision first, or name it: --identity OBJECT_ID',
    );
  }
  if (others.length > 0) {
    const lines = found.map((row) => `  --identity ${row['id']}   ${resourceOf(row)}`);
    throw new Error(`Several managed identities fit ${app}. Say which:\n${lines.join('\n')}`);
  }
  return toIdentity(only);
}

const toIdentity = (row: Row): Identity => ({
  id: String(row['id']),
  appId: String(row['appId']),
  name: String(row['displayName']),
});

/** Where the identity lives in Azure: one of its alternative names is the resource id. */
function resourceOf(row: Row): string {
  const names = Array.isArray(row['alternativeNames']) ? row['alternativeNames'] : [];
  return String(names.find((name) => String(name).startsWith('/')) ?? row['displayName']);
}
