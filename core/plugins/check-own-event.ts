import { errors } from '../errors.ts';
import { checkOf } from '../schemas.ts';
import type { Runtime } from './runtime.ts';

/** An event that a plugin hands to the ledger to commit with a post: declared by it, and of the shape it declared. */
export function checkOwnEvent(runtime: Runtime, plugin: string, id: string, payload: unknown): void {
  if (plugin === 'kernel') return;
  const emits = Object.values(runtime.loaded.get(plugin)?.plugin.header.emits ?? {});
  const event = emits.find((each) => each.id === id);
  if (!event) throw errors.bad_payload({ detail: `${plugin} does not declare that it emits ${id}.` });
  const wrong = checkOf(event.payload)(payload);
  if (wrong) throw errors.bad_payload({ detail: `${plugin} gave ${id} something its schema refuses.`, errors: wrong });
}
