// The request as JSON Schema, after the reader has folded names, trimmed texts and turned
// "yes" and 1 into booleans. The type, the compiled validator, the OpenAPI document and the connector
// are all made from it. Descriptions are written for the person who fills in the fields.

import type { FromSchema } from 'json-schema-to-ts';

export const guid = '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$';

/**
 * Entra's user principal names: at most 64 characters before the @ and 48 after it, letters, digits
 * and ' . - _ ! # ^ ~, no dot right before the @ (Microsoft Learn, "Password policies … in Microsoft
 * Entra ID"); a leading $ is addressed in a way of its own (Graph, "Get a user").
 */
export const userPrincipalName =
  "^(?=.{1,64}@.{1,48}$)\\$?[A-Za-z0-9'._!#^~-]*[A-Za-z0-9'_!#^~-]@" +
  '[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$';

export const requestSchema = {
  $id: 'request',
  type: 'object',
  required: ['UserName'],
  properties: {
    UserName: {
      type: 'string',
      title: 'User name',
      description: 'The user principal name or the object id of the user whose password is reset.',
      anyOf: [{ pattern: guid }, { pattern: userPrincipalName }],
    },
    EnableUserIfNeeded: {
      type: 'boolean',
      title: 'Enable user if needed',
      description: 'A disabled account is enabled in the same step as the reset.',
      default: true,
    },
    ForceChangePasswordNextSignIn: {
      type: 'boolean',
      title: 'Force change at next sign-in',
      description: 'The new password is temporary: the user has to change it at the next sign-in.',
      default: true,
    },
    ForceChangePasswordNextSignInWithMfa: {
      type: 'boolean',
      title: 'Force change with MFA',
      description:
        'As above, and the user has to pass multifactor authentication before the change.',
      default: false,
    },
    RevokeSessions: {
      type: 'boolean',
      title: 'Revoke sessions',
      description: 'After the reset, the sign-in sessions of the user are revoked.',
      default: false,
    },
    DryRun: {
      type: 'boolean',
      title: 'Dry run',
      description:
        'Every check is made and nothing is changed: the answer tells what would be done.',
      default: false,
    },
    TicketId: {
      type: 'string',
      title: 'Ticket id',
      description: 'The ticket that asks for the reset; kept in the audit record as claimed.',
      maxLength: 128,
    },
    CallerName: {
      type: 'string',
      title: 'Caller name',
      description: 'The person who asks for the reset; kept in the audit record as claimed.',
      maxLength: 128,
    },
    Reason: {
      type: 'string',
      title: 'Reason',
      description: 'Why the password is reset; kept in the audit record as claimed.',
      maxLength: 256,
    },
  },
} as const;

export type RequestFields = FromSchema<typeof requestSchema>;
export type FieldName = keyof typeof requestSchema.properties;

/** Kept in the audit as claimed; they decide nothing, so they never stop a reset. */
export const claimedNames = ['TicketId', 'CallerName', 'Reason'] as const;
export type ClaimedName = (typeof claimedNames)[number];
export type DecidingName = Exclude<FieldName, ClaimedName>;
export const decidingNames: readonly DecidingName[] = [
  'UserName',
  'EnableUserIfNeeded',
  'ForceChangePasswordNextSignIn',
  'ForceChangePasswordNextSignInWithMfa',
  'RevokeSessions',
  'DryRun',
];
