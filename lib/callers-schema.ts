// The shape of the CALLERS setting, as JSON Schema; the type is derived from it and the
// validator is compiled from it at build time. Rules between entries and about secrets: callers-setting.ts.

import type { FromSchema } from 'json-schema-to-ts';
import { guid } from './request-schema.ts';

const guids = {
  type: 'array',
  minItems: 1,
  maxItems: 50,
  items: { type: 'string', pattern: guid },
} as const;

export const callerName = '^[a-z0-9-]{1,32}$';
/** What a setting may be called that holds a signing secret. */
export const settingName = '^[A-Za-z_][A-Za-z0-9_]{0,127}$';

export const callersSchema = {
  $id: 'callers',
  type: 'array',
  minItems: 1,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'password'],
    anyOf: [{ required: ['key'] }, { required: ['entra'] }],
    properties: {
      name: { type: 'string', pattern: callerName },
      key: {
        type: 'array',
        minItems: 1,
        maxItems: 2,
        items: { type: 'string', pattern: '^[0-9A-Fa-f]{64}$' },
      },
      signature: {
        type: 'object',
        additionalProperties: false,
        required: ['profile', 'secrets'],
        properties: {
          profile: {
            type: 'string',
            enum: ['standard-webhooks', 'zendesk', 'glpi', 'hub-sha256', 'hub-sha1'],
          },
          secrets: {
            type: 'array',
            minItems: 1,
            maxItems: 2,
            items: { type: 'string', pattern: settingName },
          },
          toleranceSeconds: { type: 'integer', minimum: 1, maximum: 691_200 },
        },
      },
      entra: {
        type: 'object',
        additionalProperties: false,
        required: ['appIds'],
        properties: { appIds: guids },
      },
      password: { type: 'string', enum: ['return', 'withhold'] },
      domains: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', pattern: '^[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*$' },
      },
      groups: guids,
      mayEnable: { type: 'boolean' },
      maxResetsPerHour: { type: 'integer', minimum: 1, maximum: 1000 },
    },
  },
} as const;

export type CallerEntries = FromSchema<typeof callersSchema>;
export type SignatureProfile = NonNullable<CallerEntries[number]['signature']>['profile'];
