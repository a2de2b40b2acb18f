import type { Header, Service } from '@plinth/sdk';
import { errors } from '../errors.ts';
import { checkOf } from '../schemas.ts';
import type { TenantState } from '../tenancy/state.ts';
import { isEnabled } from '../tenancy/tenancy.ts';
import { CallContext, type CallStart } from './call.ts';
import type { PluginContext } from './context.ts';
import type { Runtime } from './runtime.ts';

type Call = (start: CallStart, method: string, input: unknown) => Promise<unknown>;

/**
 * One service call, checked the same way whatever runs the caller: capability declared and consented to → input →
 * the provider, on behalf of the actor → (in development and tests) its output.
 */
export async function callService(
  runtime: Runtime,
  ctx: PluginContext,
  caller: Header,
  service: Service,
  method: string,
  input: unknown,
): Promise<unknown> {
  ctx.beforeCall(`${service.id} ${method}`);
  const definition = service.methods[method];
  const provider = providerOf(runtime, ctx.start.tenant, service.id);
  if (!definition || !provider)
    throw errors.service_missing({ detail: `${caller.id} needs ${service.id}; it is not switched on here.` });
  if (definition.capability !== undefined) mustHave(ctx.start.tenant, caller, definition.capability);
  const wrong = checkOf(definition.input)(input);
  if (wrong) throw errors.invalid_input({ detail: `${caller.id} called ${service.id} ${method}.`, errors: wrong });
  const call = () => provider({ ...ctx.start, caller: caller.id }, method, input);
  const output = await (runtime.tracing?.span(`${service.id} ${method}`, { 'plinth.caller': caller.id }, call) ??
    call());
  if (runtime.strict) {
    const broken = checkOf(definition.output)(output);
    if (broken) throw errors.bad_reply({ detail: `${service.id} ${method} answered.`, errors: broken });
  }
  return output;
}

/** Who answers for a service in a tenant: the kernel, or the plugin that provides it if it is switched on there. */
export function providerOf(runtime: Runtime, tenant: TenantState, serviceId: string): Call | undefined {
  const own = runtime.kernelServices.get(serviceId);
  if (own) return async (start, method, input) => own.handlers[method]?.(new CallContext(start), input as never);
  for (const loaded of runtime.loaded.values()) {
    const provides = loaded.provides.get(serviceId);
    if (!provides) continue;
    if (!isEnabled(tenant, loaded.id)) return undefined;
    return async (start, method, input) => provides.handlers[method]?.(new loaded.Context(start), input);
  }
  return undefined;
}

function mustHave(tenant: TenantState, caller: Header, capability: string): void {
  // By its own header: during a swap an old version finishes what it began, whatever the new one declares.
  if (!caller.capabilities?.includes(capability)) {
    throw errors.capability_missing({ detail: `${caller.id} does not declare "${capability}".` });
  }
  if (!tenant.plugins.get(caller.id)?.capabilities.has(capability)) {
    throw errors.capability_missing({ detail: `This site has not consented to "${capability}" for ${caller.id}.` });
  }
}
