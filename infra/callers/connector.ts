// The Power Automate custom connector, made from the schemas of lib/: a Swagger 2.0 definition (the only
// version that custom connectors take) and its properties. One action through the Entra door, so that
// the audit names the person of the connection. Knows no tenant: names come in.

import { requestSchema } from '../../lib/request-schema.ts';
import { failures, problemMembers, successMembers } from './answer-schema.ts';
import { idempotencyKey } from './openapi.ts';

export interface ConnectorNames {
  /** Of the function app, such as contoso-reset.azurewebsites.net. */
  readonly host: string;
  /** Client id of the connector's own app registration. */
  readonly clientId: string;
  /** Tenant id, or `common`. */
  readonly tenantId: string;
  /** What the token is for: one of ENTRA_AUDIENCE, as api://… */
  readonly resource: string;
  readonly website: string;
}

/** What is written into the repository; each has to be replaced. */
export const placeholders: ConnectorNames = {
  host: 'your-app.azurewebsites.net',
  clientId: '00000000-0000-0000-0000-000000000000',
  tenantId: 'common',
  resource: 'api://00000000-0000-0000-0000-000000000000',
  website: 'https://contoso.com',
};

type Visibility = 'important' | 'advanced';
interface Member {
  readonly type: string;
  readonly title?: string;
  readonly description: string;
  readonly format?: string;
  readonly default?: boolean;
  readonly maxLength?: number;
}

const smallWords = ['at', 'if', 'with'];

/** "Force change at next sign-in" → "Force Change at Next Sign-In", as the designer's rules ask. */
const titleCase = (text: string): string =>
  text.replace(/[A-Za-z]+/g, (word, index: number) =>
    index > 0 && smallWords.includes(word) ? word : word.charAt(0).toUpperCase() + word.slice(1),
  );

/** Swagger 2.0 has no anyOf and no title of use: the endpoint itself checks the syntax of UserName. */
function field(name: string, member: Member, visibility?: Visibility) {
  const { type, format, maxLength, default: byDefault, description } = member;
  return {
    type,
    ...(format === undefined ? {} : { format }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(byDefault === undefined ? {} : { default: byDefault }),
    'x-ms-summary': titleCase(member.title ?? name),
    description,
    ...(visibility === undefined ? {} : { 'x-ms-visibility': visibility }),
  };
}

function fields(members: Readonly<Record<string, Member>>, visible?: (name: string) => Visibility) {
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, field(name, member, visible?.(name))]),
  );
}

/** The two that every flow fills in; the others have defaults or are left out. */
const important = ['UserName', 'TicketId'];

const error = {
  code: { type: 'string', title: 'Error code', description: 'The word to branch on.' },
  message: { type: 'string', title: 'Error message', description: 'The sentence for a person.' },
};

function definitions() {
  return {
    ResetRequest: {
      type: 'object',
      required: requestSchema.required,
      properties: fields(requestSchema.properties, (name) =>
        important.includes(name) ? 'important' : 'advanced',
      ),
    },
    ResetAnswer: { type: 'object', properties: fields(successMembers) },
    Problem: {
      type: 'object',
      properties: {
        ...fields(problemMembers),
        error: { type: 'object', properties: fields(error) },
      },
    },
  };
}

const answer = (description: string, name: string) => ({
  description,
  schema: { $ref: `#/definitions/${name}` },
});

export function apiDefinition({ host, tenantId, website }: ConnectorNames): object {
  const authority = `https://login.microsoftonline.com/${tenantId}/oauth2`;
  return {
    swagger: '2.0',
    info: {
      title: 'Entra ID Password Reset',
      description:
        'Enables a user of Entra ID if needed and sets a new password, exactly once for each delivery. ' +
        'Privileged and protected users are refused.',
      version: '1.0.0',
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    host,
    basePath: '/api/entra',
    schemes: ['https'],
    consumes: ['application/json'],
    produces: ['application/json'],
    paths: {
      '/user/security/reset-password': {
        post: {
          operationId: 'ResetPassword',
          summary: 'Reset a password',
          description:
            'Sets a new password and, where asked, enables the account in the same step. Branch on ' +
            'Password Returned: a repeated delivery succeeds without a password.',
          'x-ms-visibility': 'important',
          'x-ms-no-generic-test': true, // a generic test would reset a password
          'x-ms-safe-operation': false,
          parameters: [
            {
              name: idempotencyKey.name,
              in: idempotencyKey.in,
              required: false,
              type: 'string',
              'x-ms-summary': 'Idempotency Key',
              description:
                `${idempotencyKey.description} In a flow: the run and the user, ` +
                "concat(workflow()?['run']?['name'], '-', UserName).",
              'x-ms-visibility': 'important',
            },
            {
              name: 'body',
              in: 'body',
              required: true,
              schema: { $ref: '#/definitions/ResetRequest' },
            },
          ],
          responses: {
            200: answer('Done, done before, or what would be done.', 'ResetAnswer'),
            ...Object.fromEntries(
              failures.map(([status, codes]) => [status, answer(codes.join(', '), 'Problem')]),
            ),
          },
        },
      },
    },
    definitions: definitions(),
    securityDefinitions: {
      entra: {
        type: 'oauth2',
        flow: 'accessCode',
        authorizationUrl: `${authority}/authorize`,
        tokenUrl: `${authority}/token`,
        scopes: {},
      },
    },
    security: [{ entra: [] }],
    'x-ms-connector-metadata': [
      { propertyName: 'Website', propertyValue: website },
      { propertyName: 'Privacy policy', propertyValue: website },
      { propertyName: 'Categories', propertyValue: 'IT Operations;Security' },
    ],
  };
}

export function apiProperties({ clientId, tenantId, resource }: ConnectorNames): object {
  return {
    properties: {
      iconBrandColor: '#1b5e4b',
      capabilities: ['actions'],
      connectionParameters: {
        token: {
          type: 'oauthSetting',
          oAuthSettings: {
            identityProvider: 'aad',
            clientId,
            scopes: [],
            redirectMode: 'Global',
            redirectUrl: 'https://global.consent.azure-apim.net/redirect',
            properties: { IsFirstParty: 'False' },
            customParameters: {
              loginUri: { value: 'https://login.microsoftonline.com' },
              tenantId: { value: tenantId },
              resourceUri: { value: resource },
            },
          },
        },
      },
      policyTemplateInstances: [],
    },
  };
}

/** File name → content, as custom connectors are written: four spaces, one newline at the end. */
export const connectorFiles = (names: ConnectorNames): Readonly<Record<string, string>> => ({
  'apiDefinition.swagger.json': `${JSON.stringify(apiDefinition(names), null, 4)}\n`,
  'apiProperties.json': `${JSON.stringify(apiProperties(names), null, 4)}\n`,
});
