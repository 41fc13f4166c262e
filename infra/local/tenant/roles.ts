// The directory roles the tenant knows, and whose password the holder of a role may reset.
// Taken from Microsoft's tables "permissions reference" and "who can reset passwords".

export const roleIds = {
  'User Administrator': 'fe930be7-5e62-47db-91af-98c3a49a38b1',
  'Helpdesk Administrator': '729827e3-9c14-49f7-bb1b-9608f156bbb8',
  'Password Administrator': '966707d0-3269-4727-9be2-8c3a10f19b9d',
  'Directory Readers': '88d8e3e3-8f55-4a1e-953a-9b9898b8876b',
  'Groups Administrator': 'fdd7a751-b60b-444a-984c-02652fe8fa1c',
  'Guest Inviter': '95e79109-95c0-4d8e-aee3-d01accf2d47b',
  'Message Center Reader': '790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b',
  'Reports Reader': '4a5d8f65-41da-4de4-8968-e035b65339cf',
  'Usage Summary Reports Reader': '75934031-6c7e-415a-99d7-48dbd49e875e',
  'Authentication Administrator': 'c4e39bd9-1100-46d3-8c65-fb160da0071f',
  'Privileged Authentication Administrator': '7be44c8a-adaf-4e2a-84d6-ab2649e08a13',
  'Privileged Role Administrator': 'e8611ab8-c189-46e8-94e1-60213ab1f814',
  'Global Administrator': '62e90394-69f5-4237-9190-012177145e10',
  'Global Reader': 'f2ef992c-3afb-46b9-b7cf-a126ee74c451',
  'Security Administrator': '194ae4cb-b126-40b2-bd5b-6091b380977d',
  'Exchange Administrator': '29232cdf-9323-42fd-ade2-1d097af3e4de',
  'Application Administrator': '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3',
} as const;

export type RoleName = keyof typeof roleIds;
const names = new Map<string, RoleName>();
for (const [name, id] of Object.entries(roleIds)) names.set(id, name as RoleName);

export const roleName = (id: string): RoleName | undefined => names.get(id);
export const isRoleName = (name: string): name is RoleName => name in roleIds;

/** The holders of these may be reset by a User Administrator; holders of any other role may not. */
export const harmlessRoles: readonly RoleName[] = [
  'User Administrator',
  'Helpdesk Administrator',
  'Password Administrator',
  'Directory Readers',
  'Groups Administrator',
  'Guest Inviter',
  'Message Center Reader',
  'Reports Reader',
  'Usage Summary Reports Reader',
];

/** Caller's role → the roles a target may hold; the lesser columns of Microsoft's table are left out. */
export const resettable: Readonly<Partial<Record<RoleName, readonly RoleName[] | 'everyone'>>> = {
  'User Administrator': harmlessRoles,
  'Privileged Authentication Administrator': 'everyone',
  'Global Administrator': 'everyone',
};

/** What a role lets its holder do at Graph, said as the permissions that would allow the same. */
export const roleGrants: Readonly<Partial<Record<RoleName, readonly string[] | 'everything'>>> = {
  'Global Administrator': 'everything',
  'Privileged Role Administrator': [
    'RoleManagement.ReadWrite.Directory',
    'AppRoleAssignment.ReadWrite.All',
    'Application.Read.All',
    'Directory.Read.All',
  ],
  'Application Administrator': [
    'Application.ReadWrite.All',
    'AppRoleAssignment.ReadWrite.All',
    'Directory.Read.All',
  ],
};
