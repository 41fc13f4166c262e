// What goes out: a reply as plain data, and the words with which Microsoft Graph refuses.
// Stands under every handler of the local tenant; knows nothing of when a refusal is due.

import type { Fault } from './faults.ts';

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object leaves as JSON, a string as it is. */
  readonly body?: unknown;
  /** What happens to the connection instead of, or after, a clean answer. */
  readonly fault?: Fault;
}

export const noContent: Reply = { status: 204 };

/** Graph's error shape without `innerError`: the door adds that, it knows the request's ids. */
export const refuse = (
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Reply => ({ status, headers, body: { error: { code, message } } });

const unauthorised = (message: string): Reply =>
  refuse(401, 'InvalidAuthenticationToken', message, {
    'WWW-Authenticate':
      'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"',
  });
const badRequest = (message: string): Reply => refuse(400, 'BadRequest', message);
const requestBadRequest = (message: string): Reply => refuse(400, 'Request_BadRequest', message);

export const refusals = {
  // Texts seen in answers of the real service.
  tokenEmpty: unauthorised('Access token is empty.'),
  tokenGarbage: unauthorised('CompactToken parsing failed with error code: 80049217'),
  tokenExpired: unauthorised('Lifetime validation failed, the token is expired.'),
  tokenAudience: unauthorised('Access token validation failure. Invalid audience.'),
  denied: refuse(
    403,
    'Authorization_RequestDenied',
    'Insufficient privileges to complete the operation.',
  ),
  restricted: refuse(
    403,
    'Authorization_RequestDenied',
    'Insufficient privileges to complete the operation. Target object is a member of a restricted management administrative unit and can only be modified by administrators scoped to that administrative unit. Check that you are assigned a role that has permission to perform the operation for this restricted management administrative unit. Learn more: https://go.microsoft.com/fwlink/?linkid=2197831',
  ),
  notFound: (id: string): Reply =>
    refuse(
      404,
      'Request_ResourceNotFound',
      `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
    ),
  unreadable: badRequest(
    'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
  ),
  method: refuse(
    405,
    'Request_BadRequest',
    'Specified HTTP method is not allowed for the request target.',
  ),
  weakPassword: requestBadRequest(
    'The specified password does not comply with password complexity requirements. Please provide a different password.',
  ),
  synced: requestBadRequest(
    'Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.',
  ),
  externalUser: requestBadRequest('Property userPrincipalName is invalid.'),
  segment: (segment: string): Reply =>
    badRequest(`Resource not found for the segment '${segment}'.`),
  select: (property: string, type: string): Reply =>
    badRequest(
      `Parsing OData Select and Expand failed: Could not find a property named '${property}' on type 'microsoft.graph.${type}'.`,
    ),
  pageSize: (size: string): Reply =>
    refuse(
      400,
      'Request_UnsupportedQuery',
      `Invalid page size specified: '${size}'. Must be between 1 and 999 inclusive.`,
    ),
  noLicence: (status: number): Reply =>
    refuse(
      status,
      'AadPremiumLicenseRequired',
      'The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.',
    ),
  batchSize: refuse(
    400,
    'MaximumValueExceeded',
    'Number of batch request steps exceeds the maximum value of 20.',
  ),
  batchItem: (id: string): Reply =>
    badRequest(`Write request id : ${id} does not contain Content-Type header or body.`),
  batchPayload: badRequest('Invalid batch payload format.'),
  exists: requestBadRequest(
    'A conflicting object with one or more of the specified property values is present in the directory.',
  ),
  alreadyAssigned: requestBadRequest('Permission being assigned already exists on the object'),
  noSuchPermission: requestBadRequest('Permission being assigned was not found on application'),

  // The code is documented, the text is ours: no capture of it was found.
  tooManyObjects: refuse(
    400,
    'Directory_ResultSizeLimitExceeded',
    'The specified query exceeds the maximum of 11000 results.',
  ),
  pageToken: refuse(
    400,
    'Directory_ExpiredPageToken',
    'The specified page token value has expired and can no longer be included in your request.',
  ),
  query: (option: string): Reply =>
    refuse(400, 'Request_UnsupportedQuery', `The query option '${option}' is not supported.`),
  filter: (clause: string): Reply =>
    refuse(
      400,
      'Request_UnsupportedQuery',
      `Unsupported or invalid query filter clause: ${clause}`,
    ),
  dependency: refuse(
    424,
    'FailedDependency',
    'The request failed because a request that it depends on failed.',
  ),
  batchIds: badRequest('Request ids in a batch must be unique.'),
  version: (version: string): Reply => badRequest(`Invalid version: ${version}`),
  property: (name: string, type: string): Reply =>
    requestBadRequest(
      `The property '${name}' does not exist on type 'microsoft.graph.${type}'. Make sure to only use property names that are defined by the type.`,
    ),
  value: (name: string, type: string): Reply =>
    requestBadRequest(`Cannot convert the value of '${name}' to the expected type '${type}'.`),
  readOnly: (name: string): Reply =>
    requestBadRequest(`Property '${name}' is read-only and cannot be set.`),
  missing: (name: string): Reply =>
    requestBadRequest(`A value is required for property '${name}' of the resource.`),

  // Not Graph's: it says that the local tenant stops here, so that nobody takes it for a fact.
  notServed: (what: string): Reply =>
    refuse(501, 'NotServedByLocalTenant', `The local tenant does not serve ${what}.`),
} as const;
