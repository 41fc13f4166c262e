// The Bicep compiler, wherever it is: `node infra/azure/bicep.ts <bicep arguments>` runs it and takes a
// warning for an error; without arguments it compiles each parameter file, and with it every module. A
// machine that has none gets the pinned one through the .NET SDK's NuGet sources. Knows no address of any package source.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** The version that compiles these files without a warning; older ones lack the API versions used here. */
const pinnedVersion = '0.49.2';

const run = promisify(execFile);
const here = import.meta.dirname;
const root = path.resolve(here, '../..');
const cache = path.join(root, '.local/bicep');
const binary = process.platform === 'win32' ? 'bicep.exe' : 'bicep';
const restoreDeadlineMs = 300_000;

export interface Compiled {
  /** What was written to standard output: JSON for `build --stdout` and `build-params --stdout`. */
  readonly text: string;
  /** Warnings and infos, one a line; empty is the only good value. */
  readonly complaints: string;
}

let found: Promise<string> | undefined;

/** Path of a compiler that is new enough, looked for once. Throws one sentence that says what to type. */
export function findBicep(): Promise<string> {
  found ??= lookFor();
  return found;
}

async function lookFor(): Promise<string> {
  const installed = await newEnough(candidates());
  if (installed !== undefined) return installed;
  const cached = cachedBinary();
  return existsSync(cached) ? cached : await fetchPinned(cached);
}

/** Runs the compiler; throws with the compiler's own words when it fails. */
export async function bicep(args: readonly string[], env = process.env): Promise<Compiled> {
  const { stdout, stderr } = await run(await findBicep(), args, { env, maxBuffer: 1 << 26 });
  return { text: stdout, complaints: stderr.trim() };
}

function candidates(): readonly string[] {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  const byAzureCli = path.join(homedir(), '.azure/bin'); // where `az bicep install` puts it
  return [...folders, byAzureCli].map((folder) => path.join(folder, binary)).filter(existsSync);
}

async function newEnough(paths: readonly string[]): Promise<string | undefined> {
  for (const candidate of paths) {
    const { stdout } = await run(candidate, ['--version']).catch(() => ({ stdout: '' }));
    const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0];
    if (version !== undefined && compareVersions(version, pinnedVersion) >= 0) return candidate;
  }
  return undefined;
}

const compareVersions = (a: string, b: string): number =>
  a.localeCompare(b, 'en', { numeric: true });

const systems: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'osx', win32: 'win' };

const packageName = (): string =>
  `Azure.Bicep.CommandLine.${systems[process.platform] ?? process.platform}-${process.arch}`;

const cachedBinary = (): string =>
  path.join(cache, packageName().toLowerCase(), pinnedVersion, 'tools', binary);

async function fetchPinned(wanted: string): Promise<string> {
  const install = 'Install Bicep (az bicep install, or az bicep upgrade), then try again.';
  const missing = `Bicep ${pinnedVersion} or newer is not on the PATH`;
  mkdirSync(cache, { recursive: true });
  const project = mkdtempSync(path.join(tmpdir(), 'bicep-'));
  try {
    writeFileSync(path.join(project, 'bicep.csproj'), projectFile());
    const args = ['restore', project, '--packages', cache, '--nologo'];
    await run('dotnet', args, { timeout: restoreDeadlineMs });
  } catch (cause) {
    const why =
      isRecord(cause) && cause['code'] === 'ENOENT'
        ? 'there is no .NET SDK to fetch it with'
        : `the .NET SDK could not fetch ${packageName()}: ${lastLine(cause)}`;
    throw new Error(`${missing}, and ${why}. ${install}`, { cause });
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
  if (!existsSync(wanted)) throw new Error(`${missing}, and ${packageName()} lacks it. ${install}`);
  return wanted;
}

// A project that downloads one package and builds nothing; the machine's NuGet configuration says from where.
const projectFile = (): string => `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>netstandard2.0</TargetFramework>
    <DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences>
  </PropertyGroup>
  <ItemGroup><PackageDownload Include="${packageName()}" Version="[${pinnedVersion}]" /></ItemGroup>
</Project>
`;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const lastLine = (cause: unknown): string =>
  String((isRecord(cause) && cause['stdout']) || cause)
    .trim()
    .split(/\r?\n/)
    .at(-1) ?? '';

/** The sizes on offer; tenant.bicepparam is the half that they share. */
export const parameterFiles = (): readonly string[] =>
  readdirSync(here)
    .filter((file) => file.endsWith('.bicepparam') && file !== 'tenant.bicepparam')
    .map((file) => path.join(here, file));

async function compileEverything(): Promise<string> {
  const complaints: string[] = [];
  for (const file of parameterFiles()) {
    const compiled = await bicep(['build-params', file, '--stdout']);
    complaints.push(compiled.complaints);
    console.log(
      `${compiled.complaints === '' ? 'no warning' : 'WARNINGS'}: ${path.basename(file)}`,
    );
  }
  return complaints.filter(Boolean).join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const args = process.argv.slice(2);
  try {
    const compiled = args.length === 0 ? undefined : await bicep(args);
    process.stdout.write(compiled?.text ?? '');
    const complaints = compiled?.complaints ?? (await compileEverything());
    if (complaints !== '') {
      console.error(complaints);
      process.exitCode = 1;
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
