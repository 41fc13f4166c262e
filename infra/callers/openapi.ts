// The contract as an OpenAPI 3.1 document, for makers and for tools that import one. The request comes
// from requestSchema as it is, the answers from answer-schema.ts.
// Knows no host name: whoever reads the document knows where it came from.

import { statusOf } from '../../lib/failure-answer.ts';
import { requestSchema } from '../../lib/request-schema.ts';
import {
  failures,
  problemMembers,
  type SuccessMember,
  successes,
  successMembers,
} from './answer-schema.ts';

const title = 'Entra ID Password Reset';

export const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'Names this delivery, 1 to 255 visible ASCII characters. The same key is never carried out ' +
    'twice: repeat it when an answer was lost, send another one for another reset.',
} as const;

const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const jsonOf = (content: object) => ({ 'application/json': { schema: content } });

function successSchema([status, { has, mayHave }]: [
  string,
  { readonly has: readonly SuccessMember[]; readonly mayHave: readonly SuccessMember[] },
]) {
  const members = [...has, ...mayHave].map((name) => [name, successMembers[name]]);
  const own = { Status: { ...successMembers.Status, const: status } };
  return [
    status,
    { type: 'object', required: has, properties: { ...Object.fromEntries(members), ...own } },
  ];
}

function schemas() {
  const { $id: _id, ...request } = requestSchema;
  return {
    ResetRequest: request,
    ...Object.fromEntries(Object.entries(successes).map(successSchema)),
    Problem: {
      type: 'object',
      required: [...Object.keys(problemMembers), 'error'],
      properties: {
        ...problemMembers,
        error: {
          type: 'object',
          required: ['code', 'message'],
          properties: {
            code: { type: 'string', enum: Object.keys(statusOf) },
            message: { type: 'string', description: 'The same as detail.' },
          },
        },
        errors: {
          type: 'array',
          description: 'One entry for each thing that is wrong with the request.',
          items: {
            type: 'object',
            required: ['pointer', 'detail'],
            properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
          },
        },
      },
    },
    Readiness: {
      type: 'object',
      required: ['Status', 'Checks'],
      properties: {
        Status: { type: 'string', enum: ['Ready', 'NotReady'] },
        Checks: {
          type: 'array',
          items: {
            type: 'object',
            required: ['Name', 'Status', 'Detail', 'Remedy'],
            properties: {
              Name: { type: 'string' },
              Status: { type: 'string', enum: ['Passed', 'Failed', 'Skipped'] },
              Detail: { type: 'string' },
              Remedy: { type: 'string' },
            },
          },
        },
      },
    },
  };
}

function reset(operationId: string, door: string, credential: string) {
  return {
    post: {
      operationId,
      summary: `Reset a password (${door})`,
      description:
        'Sets a new password and, where asked, enables the account in the same step. Answers ' +
        'synchronously. Branch on PasswordReturned, not on the status: a repeated delivery is 200 ' +
        'without a password. 409, 429 and 503 carry Retry-After in seconds.',
      security: [{ [credential]: [] }],
      parameters: [{ ...idempotencyKey, schema: { type: 'string', minLength: 1, maxLength: 255 } }],
      requestBody: { required: true, content: jsonOf(schema('ResetRequest')) },
      responses: {
        200: {
          description: 'Done, done before, or what would be done.',
          content: jsonOf({
            oneOf: Object.keys(successes).map(schema),
            discriminator: { propertyName: 'Status' },
          }),
        },
        ...Object.fromEntries(
          failures.map(([status, codes]) => [
            status,
            { description: codes.join(', '), content: jsonOf(schema('Problem')) },
          ]),
        ),
      },
    },
  };
}

/** Pure: the same document for everybody. */
export function openApiDocument(): object {
  const readiness = (description: string) => ({
    description,
    content: jsonOf(schema('Readiness')),
  });
  return {
    openapi: '3.1.0',
    info: {
      title,
      version: '1.0.0',
      description:
        'Enables an Entra ID user and resets the password. The platform itself answers 401 (wrong ' +
        'function key), 404 and 429 with an empty body.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api' }],
    paths: {
      '/user/security/reset-password': reset('ResetPassword', 'function key', 'functionKey'),
      '/entra/user/security/reset-password': reset('ResetPasswordEntra', 'Entra ID', 'entra'),
      '/health': {
        get: {
          operationId: 'GetHealth',
          summary: 'Is the app up',
          security: [],
          responses: {
            200: {
              description: 'It is.',
              content: jsonOf({
                type: 'object',
                required: ['Status'],
                properties: { Status: { type: 'string', const: 'Healthy' } },
              }),
            },
            429: { description: 'The platform is overloaded; empty.' },
          },
        },
      },
      '/ready': {
        get: {
          operationId: 'GetReadiness',
          summary: 'Is the app ready to reset passwords',
          security: [{ functionKey: [] }],
          responses: {
            200: readiness('Ready.'),
            401: { description: 'No or a wrong function key; empty.' },
            503: readiness('Not ready, and why.'),
          },
        },
      },
    },
    components: {
      securitySchemes: {
        functionKey: { type: 'apiKey', in: 'header', name: 'x-functions-key' },
        entra: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'An access token for this service with the app role PasswordReset.Invoke.',
        },
      },
      schemas: schemas(),
    },
  };
}
