// What `npm run grant` says besides its table: the help, what a mode means for administrators as targets,
// and what to do with the app registration. Text only; nothing here asks Graph.

import type { Door } from './entra-door.ts';
import type { Mode } from './identity-rights.ts';

export const usage = `npm run grant -- --app NAME [options]

Gives the managed identity of the app its rights in Microsoft Entra, and makes the app registration
of the Entra door. Signed in as you: az login. Run it before code is deployed, and again at will.

  --app NAME                    the function app; its identity is id-NAME, or NAME
  --identity OBJECT_ID          the identity, where several fit the name
  --mode role                   (default) the directory role User Administrator: Microsoft Graph
                                itself refuses administrators as targets, beside the app's guard
  --mode permissions            application permissions instead of the role: they are tenant-wide,
                                and only the app's guard is known to stand before administrators
  --administrative-unit ID      the role for the users of this unit only; needs --mode role
  --no-entra-door               leave the app registration alone
  --entra-app CLIENT_ID         the app registration, where it has another name
  --resource-group GROUP        of the app; looked up without it
  --what-if                     say what would be done, do nothing

  --allow-caller ID             may come through the Entra door: a user (name or object id), a group
                                (object id) or a client (client id). Repeatable; does nothing else
  --remove-caller ID            may no longer; likewise

To grant you need Privileged Role Administrator; for the app registration Application Administrator.`;

export const modeText: Readonly<Record<Mode, string>> = {
  role: 'Mode role: Microsoft Graph itself refuses administrators as targets, besides the guard of the app.',
  permissions:
    'Mode permissions: tenant-wide, and no source says that Microsoft Graph would refuse administrators as targets: ' +
    'the guard of the app is the only one. Mode role has two, and can be limited to an administrative unit.',
};

export function doorText({ application, found, name }: Door, audience: string | undefined): string {
  const appId = String(application?.['appId']);
  if (audience?.includes(appId)) return `\nThe Entra door stands on ENTRA_AUDIENCE=${appId}.`;
  // Anybody who may register applications may take the name first, and its owner decides who holds the role.
  const doubt = found
    ? `\n"${name}" was there before. Its owners decide who may call: look at them first\n  az ad app owner list --id ${appId}`
    : '';
  return (
    `${doubt}\nTo open the Entra door, set ENTRA_AUDIENCE=${appId} and provision:\n` +
    `  azd env set ENTRA_AUDIENCE ${appId} && azd provision`
  );
}
