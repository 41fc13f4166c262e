// What each system adds by itself to the request that a maker typed: user agent, content type, delivery
// ids, signatures; as far as it is documented or read in its code (infra/callers has the sources). Time
// and ids come in. Knows nothing of the product.

import { createHash, createHmac } from 'node:crypto';
import type { Delivery } from './house.ts';

export interface Occasion {
  /** One event of the system: equal on every attempt. */
  readonly event: string;
  /** When this attempt is made. */
  readonly now: Date;
  readonly secret?: string;
  readonly token?: string;
}

export type Sender = (typed: Delivery, occasion: Occasion) => Delivery;

const add = (typed: Delivery, ...headers: readonly (readonly [string, string])[]): Delivery => ({
  ...typed,
  headers: [...typed.headers, ...headers],
});
const guidOf = (text: string): string =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
const hmac = (algorithm: string, secret = '') => createHmac(algorithm, secret);
const seconds = (now: Date): string => String(Math.floor(now.getTime() / 1000));

export const serviceNow: Sender = (typed) => add(typed, ['User-Agent', 'ServiceNow/1.0']);

/** Jira, Freshservice, Halo: nothing is known that they would add. */
export const plain: Sender = (typed) => typed;

export const zendesk: Sender = (typed, { event, now, secret }) => {
  const timestamp = now.toISOString().replace(/\.\d{3}Z$/, 'Z');
  const signature = hmac('sha256', secret).update(timestamp).update(typed.body).digest('base64');
  return add(
    typed,
    ['Content-Type', 'application/json; charset=utf-8'],
    ['x-zendesk-account-id', '123456'],
    ['x-zendesk-webhook-id', '01F1KRFQ6BG29CNWFR60NK5FNY'],
    ['x-zendesk-webhook-invocation-id', `invocation-${event}`],
    ['x-zendesk-webhook-signature', signature],
    ['x-zendesk-webhook-signature-timestamp', timestamp],
  );
};

export const zammad: Sender = (typed, { event, secret }) =>
  add(
    typed,
    ['User-Agent', 'Zammad User Agent'],
    ['Content-Type', 'application/json; charset=utf-8'],
    ['X-Zammad-Trigger', 'Password reset'],
    ['X-Zammad-Delivery', guidOf(event)],
    ['X-Hub-Signature', `sha1=${hmac('sha1', secret).update(typed.body).digest('hex')}`],
  );

/** Signs when it queues; `now` is that time, on every attempt. No content type: the body is plain text to it. */
export const glpi: Sender = (typed, { now, secret }) => {
  const signature = hmac('sha256', secret).update(typed.body).update(seconds(now)).digest('hex');
  return add(
    typed,
    ['User-Agent', 'GuzzleHttp/7'],
    ['X-GLPI-signature', signature],
    ['X-GLPI-timestamp', seconds(now)],
  );
};

/** Power Automate and Logic Apps: no Accept; every call names its run and step. */
export const flow: Sender = (typed, { event, token }) =>
  add(
    typed,
    ['User-Agent', 'azure-logic-apps/1.0 (workflow 0a1b2c; version 08584)'],
    ['Authorization', `Bearer ${token}`],
    ['x-ms-workflow-run-id', `run-${event}`],
    ['x-ms-workflow-operation-name', 'Reset_password'],
    ['x-ms-workflow-name', '0a1b2c'],
    ['x-ms-client-tracking-id', `run-${event}`],
    ['x-ms-client-request-id', `run-${event}`],
  );

/** Whether connectors hand on the workflow headers is not known: so they do not, here. */
export const connector: Sender = (typed, { token }) =>
  add(typed, ['Authorization', `Bearer ${token}`], ['Accept', 'application/json']);

/** GitHub-like, and Jira's admin webhook. */
export const hub: Sender = (typed, { event, secret }) =>
  add(
    typed,
    ['User-Agent', 'Atlassian Webhook HTTP Client'],
    ['Content-Type', 'application/json; charset=utf-8'],
    ['X-Atlassian-Webhook-Identifier', event],
    ['X-Atlassian-Webhook-Flow', 'Primary'],
    ['X-Hub-Signature', `sha256=${hmac('sha256', secret).update(typed.body).digest('hex')}`],
  );
