// Stands in for the Node worker of Azure Functions: lends the app '@azure/functions-core', loads its entry file and runs its hooks and functions.
// It sits between the HTTP side (server.ts) and the built app. It knows nothing of routes, keys or sockets.

import { lendCore, loadEntryFiles } from './entry.ts';

export type LogLine = (level: string, functionName: string, message: string) => void;

export interface Binding {
  readonly type: string;
  readonly route?: string;
  readonly methods?: readonly string[];
  readonly authLevel?: string;
  readonly schedule?: string;
}

export interface RegisteredFunction {
  readonly name: string;
  readonly trigger: Binding & { readonly name: string };
  readonly metadata: Metadata;
  readonly callback: unknown;
}

export interface TraceContext {
  readonly traceParent: string;
  readonly traceState: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | undefined;
}

export interface Worker {
  readonly functions: readonly RegisteredFunction[];
  /** Runs one invocation; `data` is the trigger's value in the worker protocol. Throws what the handler threw. */
  invoke(
    fn: RegisteredFunction,
    data: object,
    trace: TraceContext,
  ): Promise<HttpAnswer | undefined>;
  terminate(): Promise<void>;
}

// The protocol between worker and programming model, as far as it is used here (the package that types it is published nowhere).
interface Metadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
}
interface InvocationModel {
  getArguments(): Promise<{ context: object; inputs: unknown[] }>;
  invokeFunction(context: object, inputs: unknown[], callback: unknown): Promise<unknown>;
  getResponse(context: object, result: unknown): Promise<{ returnValue?: RpcValue | null }>;
}
interface RpcValue {
  readonly http?: {
    readonly statusCode: string;
    readonly headers: Record<string, string>;
    readonly body?: { readonly bytes?: Uint8Array; readonly string?: string } | null;
  };
}
interface ProgrammingModel {
  getInvocationModel(core: object): InvocationModel;
  getCapabilities?(capabilities: object): Promise<object>;
}
type Hook = (context: Record<string, unknown>) => unknown;

/** Loads the app in `folder`. As on the real host, an entry file that throws leaves an app without any function, and one log line. */
export async function loadWorker(folder: string, log: LogLine): Promise<Worker> {
  let model: ProgrammingModel | undefined;
  let started = false;
  const functions: RegisteredFunction[] = [];
  const hooks = new Map<string, Hook[]>();
  const appHookData = {};

  const runHooks = async (name: string, context: Record<string, unknown>): Promise<void> => {
    for (const hook of hooks.get(name) ?? []) await hook(context);
  };
  const coreLog = (level: string, category: string, functionName: string, message: string) => {
    const context = { hookData: {}, appHookData, level, message, category };
    for (const hook of hooks.get('log') ?? []) hook(context);
    log(context.level, functionName, context.message);
  };

  lendCore({
    version: '3.14.1-local',
    hostVersion: '4.1052.0',
    setProgrammingModel: (given: ProgrammingModel) => {
      model = given;
    },
    getProgrammingModel: () => model,
    registerFunction: (metadata: Metadata, callback: unknown) => {
      if (started) throw new Error('A function can only be registered during app startup.');
      const trigger = Object.entries(metadata.bindings).find(([, b]) => /trigger$/i.test(b.type));
      if (trigger === undefined) throw new Error(`Function "${metadata.name}" has no trigger.`);
      const [name, binding] = trigger;
      functions.push({ name: metadata.name, trigger: { ...binding, name }, metadata, callback });
      return { dispose: () => {} };
    },
    registerHook: (name: string, hook: Hook) => {
      const list = hooks.get(name) ?? [];
      hooks.set(name, [...list, hook]);
      return {
        dispose: () =>
          hooks.set(
            name,
            (hooks.get(name) ?? []).filter((one) => one !== hook),
          ),
      };
    },
    log: (level: string, category: string, message: string) =>
      coreLog(level, category, 'worker', message),
    Disposable: class {},
  });

  try {
    await loadEntryFiles(folder);
    await model?.getCapabilities?.({});
    await runHooks('appStart', { hookData: {}, appHookData });
  } catch (cause) {
    log(
      'error',
      'worker',
      `The app did not load, so every function answers 404: ${describe(cause)}`,
    );
    functions.length = 0;
  }
  started = true;

  return {
    functions,
    terminate: () => runHooks('appTerminate', { hookData: {}, appHookData }),
    async invoke(fn, data, traceContext) {
      if (model === undefined) throw new Error('The app set no programming model.');
      const invocationId = crypto.randomUUID();
      const core = {
        invocationId,
        metadata: { ...fn.metadata, functionId: fn.name },
        state: 'preInvocationHooks',
        request: {
          invocationId,
          functionId: fn.name,
          inputData: [{ name: fn.trigger.name, data }],
          triggerMetadata: {},
          traceContext,
        },
        log: (level: string, category: string, message: string) =>
          coreLog(level, category, fn.name, message),
      };
      const invocation = model.getInvocationModel(core);
      const { context, inputs } = await invocation.getArguments();
      const before = {
        hookData: {},
        appHookData,
        invocationContext: context,
        functionCallback: fn.callback,
        inputs,
      };
      await runHooks('preInvocation', before);
      const after: Record<string, unknown> = {
        hookData: before.hookData,
        appHookData,
        invocationContext: context,
        inputs: before.inputs,
        result: undefined,
        error: undefined,
      };
      core.state = 'invocation';
      try {
        after['result'] = await invocation.invokeFunction(
          context,
          before.inputs,
          before.functionCallback,
        );
      } catch (error) {
        after['error'] = error ?? new Error('The handler threw nothing.');
      }
      core.state = 'postInvocationHooks';
      await runHooks('postInvocation', after);
      if (after['error'] !== undefined) throw after['error'];
      return httpAnswer(await invocation.getResponse(context, after['result']));
    },
  };
}

function httpAnswer(response: { returnValue?: RpcValue | null }): HttpAnswer | undefined {
  const http = response.returnValue?.http;
  if (http === undefined) return undefined;
  const body = http.body?.bytes ?? http.body?.string;
  return { status: Number(http.statusCode), headers: http.headers, body };
}

/** An error with its stack, on as many lines as it has: the log is what a developer reads next. */
export function describe(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
