// azd, between provision and deploy: gives the identity its rights in Microsoft Entra, before any code
// runs that would ask for a token. Decides nothing about rights: the grant tool does.

import { spawnSync } from 'node:child_process';
import path from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** What azd's environment says about the grant, as arguments of `npm run grant`. */
export function grantArguments(env: Environment): readonly string[] {
  const option = (name: string, value: string | undefined) => (value ? [name, value] : []);
  return [
    ...option('--app', env['AZURE_FUNCTION_APP_NAME']),
    ...option('--mode', env['GRANT_MODE']),
    ...option('--administrative-unit', env['GRANT_ADMINISTRATIVE_UNIT']),
  ];
}

if (process.argv[1] === import.meta.filename) {
  const args = grantArguments(process.env);
  const tool = path.resolve(import.meta.dirname, '../grant.ts');
  const { status } = spawnSync(process.execPath, [tool, ...args], { stdio: 'inherit' });
  if (status !== 0) {
    console.error(
      `\nNothing was deployed: an identity that asks for a token before it has rights keeps a useless one ` +
        `for up to 24 hours.\nAsk a Privileged Role Administrator to type:\n\n` +
        `  npm run grant -- ${args.join(' ')}\n\nthen go on with:\n\n  azd deploy\n`,
    );
    process.exitCode = 1;
  }
}
