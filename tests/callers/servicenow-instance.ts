// A stand-in for a ServiceNow instance: runs a script with the classes it uses. A script waits for its
// answer, which a test cannot: so it runs once to see what it sends, and once more with the answer.
// Signs and escapes for real. Knows nothing of the product.

import { createHmac } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import type { Delivery, Reply } from './house.ts';
import { fillIn, parseRequest } from './recipe.ts';

export interface Instance {
  readonly user: string;
  readonly ticket: string;
  readonly modCount: number;
  readonly now: Date;
  readonly properties: Readonly<Record<string, string>>;
  /** The REST message "Entra password reset", method "reset". */
  readonly message: { readonly request: string; readonly body: string };
  /** Unset: execute() ends the script, and what was sent is known. */
  readonly answer?: Reply;
}

export interface ScriptRun {
  readonly sent: Delivery;
  readonly log: readonly string[];
}

const sent = Symbol('sent');

const escapeXml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll("'", '&apos;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;');

function restMessage(instance: Instance, send: (delivery: Delivery) => void) {
  return function RESTMessageV2(name?: string, method?: string) {
    const parameters = new Map<string, string>();
    const headers = new Map<string, string>();
    let endpoint = '';
    let body = '';
    if (name !== undefined && `${name}/${method}` !== 'Entra password reset/reset') {
      throw new Error(`There is no REST message ${name} with the method ${method}.`);
    }
    return {
      setStringParameter: (key: string, value: string) =>
        parameters.set(`\${${key}}`, escapeXml(value)),
      setStringParameterNoEscape: (key: string, value: string) =>
        parameters.set(`\${${key}}`, value),
      setRequestHeader: (key: string, value: string) => headers.set(key, value),
      setEndpoint: (url: string) => {
        endpoint = url;
      },
      setRequestBody: (text: string) => {
        body = text;
      },
      setHttpMethod: () => undefined,
      setHttpTimeout: () => undefined,
      execute: () => {
        const filled = (text: string): string => fillIn(text, parameters);
        send(
          name === undefined
            ? { url: endpoint, headers: [...headers], body }
            : {
                ...parseRequest(filled(instance.message.request)),
                body: filled(instance.message.body).trim(),
              },
        );
        const { answer } = instance;
        if (answer === undefined) throw sent;
        return {
          getStatusCode: () => answer.status,
          getBody: () => answer.text,
          getHeader: (key: string) => answer.headers[key.toLowerCase()] ?? null,
        };
      },
    };
  };
}

export function runScript(script: string, instance: Instance): ScriptRun {
  const log: string[] = [];
  const deliveries: Delivery[] = [];
  const sandbox = {
    sn_ws: { RESTMessageV2: restMessage(instance, (delivery) => deliveries.push(delivery)) },
    gs: {
      info: (line: string) => log.push(line),
      getProperty: (name: string) => instance.properties[name] ?? null,
    },
    GlideDateTime: function GlideDateTime() {
      return { getNumericValue: () => instance.now.getTime() };
    },
    CertificateEncryption: function CertificateEncryption() {
      return {
        generateMac: (key: string, algorithm: string, text: string) => {
          if (algorithm !== 'HmacSHA256') throw new Error(`No such algorithm: ${algorithm}`);
          return createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
        },
      };
    },
    current: {
      requested_for: { user_name: instance.user },
      getUniqueValue: () => '9d385017c611228701d22104cc95c371',
      // Text, as GlideRecord gives it.
      getValue: (field: string) =>
        ({ number: instance.ticket, sys_mod_count: String(instance.modCount) })[field] ?? null,
    },
  };
  try {
    runInNewContext(script, sandbox, { timeout: 1_000 });
  } catch (error) {
    if (error !== sent) throw error;
  }
  const [delivery] = deliveries;
  if (delivery === undefined || deliveries.length > 1) {
    throw new Error(`The script sent ${deliveries.length} requests.`);
  }
  return { sent: delivery, log };
}
