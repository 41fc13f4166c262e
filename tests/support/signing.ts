// Signs as the ticketing systems sign: the bytes of a body, a time and an id in, headers out. Written from the
// senders' documentation, not from the product's verifier.

import { createHmac } from 'node:crypto';

export type Sign = (body: string, at: number, id?: string) => Record<string, string>;

const hmac = (algorithm: string, secret: string | Buffer, content: string) =>
  createHmac(algorithm, secret).update(content);
const unix = (at: number): string => String(Math.floor(at / 1000));

export const signingSecrets = {
  STANDARD_SECRET: `whsec_${Buffer.from('standard webhooks secret').toString('base64')}`,
  ZENDESK_SECRET: 'zendesk signing secret',
  GLPI_SECRET: 'glpi signing secret 1',
  HUB_SECRET: 'hub signing secret 12',
} as const;

export const signers = {
  'standard-webhooks': (body, at, id = 'msg_1') => {
    const key = Buffer.from(signingSecrets.STANDARD_SECRET.slice('whsec_'.length), 'base64');
    const signature = hmac('sha256', key, `${id}.${unix(at)}.${body}`).digest('base64');
    return {
      'webhook-id': id,
      'webhook-timestamp': unix(at),
      'webhook-signature': `v1,${signature}`,
    };
  },
  zendesk: (body, at) => {
    const time = new Date(at).toISOString().replace(/\.\d+/, '');
    const content = time + body;
    return {
      'x-zendesk-webhook-signature-timestamp': time,
      'x-zendesk-webhook-signature': hmac('sha256', signingSecrets.ZENDESK_SECRET, content).digest(
        'base64',
      ),
    };
  },
  glpi: (body, at) => ({
    'x-glpi-timestamp': unix(at),
    'x-glpi-signature': hmac('sha256', signingSecrets.GLPI_SECRET, body + unix(at)).digest('hex'),
  }),
  'hub-sha256': (body) => ({
    'x-hub-signature-256': `sha256=${hmac('sha256', signingSecrets.HUB_SECRET, body).digest('hex')}`,
  }),
  'hub-sha1': (body) => ({
    'x-hub-signature': `sha1=${hmac('sha1', signingSecrets.HUB_SECRET, body).digest('hex')}`,
  }),
} as const satisfies Record<string, Sign>;

export type Profile = keyof typeof signers;

export const secretOf: Readonly<Record<Profile, keyof typeof signingSecrets>> = {
  'standard-webhooks': 'STANDARD_SECRET',
  zendesk: 'ZENDESK_SECRET',
  glpi: 'GLPI_SECRET',
  'hub-sha256': 'HUB_SECRET',
  'hub-sha1': 'HUB_SECRET',
};
