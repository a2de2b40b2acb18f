import { type Contribution, type Header, milliseconds, type Plugin } from '@plinth/sdk';
import semver from 'semver';
import { checkOf } from '../schemas.ts';

/** The version of the kernel's contract, which `kernel: '^1.0.0'` in a header is held against. */
export const KERNEL_VERSION = '1.0.0';

const RESERVED = new Set([
  'kernel',
  'ledger',
  'bullmq',
  'public',
  'v1',
  'docs',
  'openapi',
  'health',
  'metrics',
  'shell',
]);

/** Everything that is wrong with a plugin's definition, in sentences. Nothing of it runs. */
export function validatePlugin({ header, contributions }: Plugin): string[] {
  const of = <K extends Contribution['kind']>(kind: K) =>
    contributions.filter((each): each is Extract<Contribution, { kind: K }> => each.kind === kind);
  return [
    ...identity(header),
    ...settings(header),
    ...pairs(
      'job',
      Object.keys(header.jobs ?? {}),
      of('job').map((each) => each.name),
    ),
    ...pairs(
      'channel',
      Object.keys(header.channels ?? {}),
      of('socket').map((each) => each.name),
    ),
    ...Object.values(header.emits ?? {}).flatMap((event) => owned(header, 'emits', event.id)),
    ...of('provide').flatMap(({ service }) => owned(header, 'provides', service.id)),
    ...repeated(
      'a route',
      of('route').map(({ method, path }) => `${method} ${path}`),
    ),
    ...repeated(
      'a consumer',
      of('consumer').map(({ event, id }) => `${event.id} ${id}`),
    ),
    ...repeated(
      'a slot entry',
      of('fill').map(({ slot, id }) => `${slot.id} ${id}`),
    ),
    ...of('fill').flatMap(({ slot, id, entry }) =>
      (checkOf(slot.entry)(entry) ?? []).map(
        ({ path, message }) => `its entry "${id}" does not fit ${slot.id}: ${path} ${message}`,
      ),
    ),
    ...of('route').flatMap(({ method, path, options: { auth } }) => [
      ...(/^(\/(:[A-Za-z][A-Za-z0-9]*|[a-z0-9._-]+))+$/.test(path)
        ? []
        : [`the path ${method} ${path} is not made of lower-case words and :params`]),
      ...(typeof auth === 'object' && !known(header, auth.permission)
        ? [`${method} ${path} asks for the permission "${auth.permission}", which it does not declare`]
        : []),
    ]),
    ...recurring(header),
  ];
}

function identity({ id, version, kernel, permissions = {}, roles = {} }: Header): string[] {
  const wrong: string[] = [];
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) || id.length > 40)
    wrong.push(`its id "${id}" is not lower-case words joined by dashes`);
  if (RESERVED.has(id)) wrong.push(`the id "${id}" is reserved`);
  if (!semver.valid(version)) wrong.push(`its version "${version}" is not a semantic version`);
  if (!semver.validRange(kernel)) wrong.push(`"${kernel}" is not a range of kernel versions`);
  else if (!semver.satisfies(KERNEL_VERSION, kernel))
    wrong.push(`it wants kernel ${kernel}; this one is ${KERNEL_VERSION}`);
  for (const name of Object.keys(permissions))
    if (!name.startsWith(`${id}.`)) wrong.push(`the permission "${name}" does not start with "${id}."`);
  for (const [role, bundle] of Object.entries(roles)) {
    for (const name of bundle)
      if (!(name in permissions)) wrong.push(`the role "${role}" bundles "${name}", which it does not declare`);
  }
  return wrong;
}

function settings(header: Header): string[] {
  if (!header.settings) return [];
  const wrong = checkOf(header.settings)({});
  return (wrong ?? []).map(({ path, message }) => `its settings need a default for every field: ${path} ${message}`);
}

function recurring(header: Header): string[] {
  return Object.entries(header.jobs ?? {}).flatMap(([name, job]) => {
    const wrong = job.every === undefined ? undefined : checkOf(job.data)({});
    try {
      milliseconds(job.timeout);
      if (job.every !== undefined) milliseconds(job.every);
    } catch (error) {
      return [`its job "${name}": ${error instanceof Error ? error.message : String(error)}`];
    }
    return (wrong ?? []).map(
      ({ path, message }) =>
        `its job "${name}" repeats, so its data needs a default for every field: ${path} ${message}`,
    );
  });
}

/** `tip-jar.tip-sent@1` and `tip-jar@1` belong to the plugin `tip-jar`. */
function owned(header: Header, verb: string, id: string): string[] {
  return /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)?@\d+$/.test(id) && id.split(/[.@]/)[0] === header.id
    ? []
    : [`it ${verb} "${id}"; ids it owns look like "${header.id}.name@1"`];
}

function known(header: Header, permission: string): boolean {
  return permission.startsWith('kernel.') || permission in (header.permissions ?? {});
}

function pairs(what: string, declared: readonly string[], contributed: readonly string[]): string[] {
  return [
    ...declared
      .filter((name) => !contributed.includes(name))
      .map((name) => `the ${what} "${name}" is declared but has no handler`),
    ...repeated(`a ${what}`, contributed),
  ];
}

function repeated(what: string, names: readonly string[]): string[] {
  return names
    .filter((name, index) => names.indexOf(name) !== index)
    .map((name) => `it contributes ${what} twice: ${name}`);
}
