// `npm run doctor -- --url URL --key KEY`: /api/ready for a person. Says what is so, what to type where it
// is not, and what it means when something else answers at that address. Changes nothing.

import { parseArgs } from 'node:util';
import { member } from '../../lib/member.ts';
import type { Check } from '../../lib/readiness.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { runTool, type Say, table } from './terminal.ts';

export const usage = `npm run doctor -- --url https://NAME.azurewebsites.net [--key KEY]

Prints /api/ready: each check with ✓ (so), ✗ (not so, and what to type) or – (does not apply).
Ends with exit code 1 while the endpoint is not ready.

  --url URL     the app; http://127.0.0.1:7071 for npm start
  --key KEY     a host key, which opens every function; or the environment's FUNCTION_KEY, which
                stays out of the shell's history. To get one:
                az functionapp keys list -g GROUP -n NAME --query functionKeys.default -o tsv`;

type ReadyCheck = Pick<Check, 'Name' | 'Status' | 'Detail' | 'Remedy'>;

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly ReadyCheck[];
}

const deadlineMs = 30_000; // the checks themselves take 9 s at most; a cold start comes before

/** The checks, or a sentence that says why there are none. */
export async function askReadiness(url: string, key: string): Promise<Result<Readiness, string>> {
  const origin = originOf(url);
  if (origin === undefined)
    return err(`"${url}" is no address. Such as https://NAME.azurewebsites.net`);
  const get = (path: string, headers: Readonly<Record<string, string>>) =>
    fetch(origin + path, { headers, redirect: 'manual', signal: AbortSignal.timeout(deadlineMs) });
  try {
    const response = await get('/api/ready', { 'x-functions-key': key });
    const readiness = parse(await response.text());
    if (readiness !== undefined) return ok(readiness);
    if (response.status !== 404) return err(strangeAnswer(origin, response));
    const health = await get('/api/health', {});
    await health.body?.cancel();
    return err(health.status === 404 ? nothingThere(origin) : strangeAnswer(origin, response));
  } catch (cause) {
    return err(noAnswer(origin, cause));
  }
}

/** Somebody may paste any address of the app. */
function originOf(url: string): string | undefined {
  const parsed = URL.parse(/^https?:\/\//i.test(url) ? url : `https://${url}`);
  return parsed === null || parsed.hostname === '' ? undefined : parsed.origin;
}

function parse(text: string): Readiness | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  const checks = member(body, 'Checks');
  if (!Array.isArray(checks)) return undefined;
  const textOf = (check: unknown, name: string) => String(member(check, name) ?? '');
  return {
    ready: member(body, 'Status') === 'Ready',
    checks: checks.map((check: unknown) => {
      const status = textOf(check, 'Status');
      return {
        Name: textOf(check, 'Name'),
        Status: status === 'Passed' || status === 'Skipped' ? status : 'Failed',
        Detail: textOf(check, 'Detail'),
        Remedy: textOf(check, 'Remedy'),
      };
    }),
  };
}

const remedies: Readonly<Record<number, string>> = {
  401: "The key is not known there. A caller's own key does not open /api/ready; take a host key:\n  az functionapp keys list -g GROUP -n NAME --query functionKeys.default -o tsv",
  403: 'The platform refuses the call: the app is stopped (az functionapp show -g GROUP -n NAME --query state), or your address is not in ALLOWED_IP_RANGES.',
  404: '/api/health is there and /api/ready is not: this is no password reset endpoint, or a very old one.',
  429: 'The host is overloaded. Try again in a minute.',
  500: 'The host failed to run the check. Look at the log: az webapp log tail -g GROUP -n NAME',
  502: 'The app does not start. Look at the log: az webapp log tail -g GROUP -n NAME',
  503: 'The host is starting, or its host.json is broken. Try again in a minute; then look at the log.',
};

const strangeAnswer = (origin: string, { status }: Response): string => {
  if (status >= 300 && status < 400) {
    return `${origin} sends elsewhere (${status}): this is not the app's own address, or something stands before it.`;
  }
  const remedy = remedies[status] ?? 'That is no answer of this product: is the address right?';
  return `${origin} answered ${status} to /api/ready. ${remedy}`;
};

const nothingThere = (origin: string): string =>
  `${origin} answers 404 everywhere, to /api/health too: no function is loaded.\n` +
  'Either nothing was deployed (azd deploy), or the deployed package could not be loaded: then the host runs and only\n' +
  'its log tells why (az webapp log tail -g GROUP -n NAME). Or this address is another app.';

function noAnswer(origin: string, cause: unknown): string {
  const code = String(member(member(cause, 'cause'), 'code') ?? member(cause, 'name') ?? '');
  if (/TimeoutError|TIMEOUT/i.test(code)) {
    return `${origin} did not answer within ${deadlineMs / 1000} s. Is it starting, or does a firewall drop the call?`;
  }
  if (/ENOTFOUND|EAI_AGAIN/.test(code)) {
    return `There is no host ${new URL(origin).hostname}. Check the name: az functionapp list --query "[].defaultHostName"`;
  }
  if (code === 'ECONNREFUSED') return `Nothing listens at ${origin}. Locally: npm start`;
  if (/CERT|SIGNED|TLS|SSL/i.test(code))
    return `${origin} shows a certificate that is not trusted (${code}).`;
  return `${origin} could not be reached (${code || 'no reason given'}). Is it https, and the port right?`;
}

const signs = { Passed: '✓', Failed: '✗', Skipped: '–' } as const;

/** One line a check; what to type stands under the failed ones. */
export function readinessLines({ ready, checks }: Readiness): readonly string[] {
  const rows = checks.flatMap(({ Name, Status, Detail, Remedy }) => [
    [`${signs[Status]} ${Name}`, Detail],
    ...(Status === 'Failed' && Remedy !== '' ? [['', `→ ${Remedy}`]] : []),
  ]);
  const failed = checks.filter(({ Status }) => Status === 'Failed').length;
  const verdict = ready ? 'Ready.' : `Not ready: ${failed} of ${checks.length} checks failed.`;
  return [...table(rows), '', verdict];
}

export async function doctor(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  say: Say,
): Promise<boolean> {
  const { values } = parseArgs({
    args: [...argv],
    options: { url: { type: 'string' }, key: { type: 'string' } },
  });
  const key = values.key ?? env['FUNCTION_KEY'];
  if (!values.url)
    throw new Error(
      'Which app? Type: npm run doctor -- --url https://NAME.azurewebsites.net --key KEY',
    );
  if (!key || !/^[!-~]+$/.test(key))
    throw new Error('A key is needed: --key KEY, or FUNCTION_KEY in the environment.');
  const answer = await askReadiness(values.url, key);
  const lines = answer.ok ? readinessLines(answer.value) : [answer.failure];
  for (const line of lines) say(line);
  return answer.ok && answer.value.ready;
}

if (process.argv[1] === import.meta.filename) {
  await runTool(usage, (argv) => doctor(argv, process.env, console.log));
}
