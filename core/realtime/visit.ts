import { errors as kernel } from '../errors.ts';
import { refusal } from '../front/guard.ts';
import { checkOf } from '../schemas.ts';
import type { Found, Visit } from './channels.ts';
import type { Connection } from './connection.ts';
import { errors } from './errors.ts';
import type { Topic } from './topic.ts';

/** Finds a channel and lets a page in, or throws why not. */
export async function admit(page: Connection, name: string, requestId: string): Promise<Found> {
  const { channels } = page.node.topics;
  const found = channels.find(name);
  const isThere = () => found && channels.has(found.entry) && found.entry.current.enabled(page.tenantId);
  // A channel of a plugin that is off answers exactly like one that does not exist.
  if (!found || !isThere()) throw kernel.not_found({ detail: name });
  const { auth, join } = found.entry.current;
  // Channels declare no scope, so a key that is limited to scopes enters none but public ones.
  const refused = refusal(auth, undefined, page, page.actor);
  if (refused) throw refused;
  if (join) await within(page, { params: found.params, requestId }, join);
  if (!isThere()) throw kernel.not_found({ detail: name });
  return found;
}

/** Hands the plugin what a page sends. */
export async function receive(page: Connection, topic: Topic, message: unknown, requestId: string): Promise<void> {
  const { channel, receive } = topic.entry.current;
  if (!topic.isEnabled) throw errors.channel_closed();
  if (!receive || !channel.message) throw errors.channel_silent({ detail: topic.name });
  const wrong = checkOf(channel.message)(message);
  if (wrong) throw kernel.invalid_input({ errors: wrong });
  await within(page, { params: topic.params, requestId }, (visit) => receive(visit, message));
}

/** Runs a plugin's handler with a deadline, so that one that hangs does not hold up the page behind it for ever. */
async function within(
  { tenantId, actor, node }: Connection,
  about: Pick<Visit, 'params' | 'requestId'>,
  run: (visit: Visit) => Promise<void>,
): Promise<void> {
  const deadline = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    deadline.abort();
    late.reject(kernel.unavailable({ detail: 'The handler took too long.' }));
  }, node.limits.handlerMs);
  try {
    await Promise.race([run({ ...about, tenantId, actor, signal: deadline.signal }), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
