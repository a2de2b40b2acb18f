const FOLLOW_WITHIN_MS = 1_000;

/**
 * Waits for processes that feed each other. When one fails the others follow with failures of their own: the one that
 * stands first in the list is told, which is to be the one that knows most.
 */
export async function together<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const failures: unknown[] = [];
  const followed = Promise.withResolvers<void>();
  const watched = works.map((work, at) =>
    work.catch((error: unknown) => {
      failures[at] = error;
      // Nobody knows more than the first.
      if (at === 0) followed.resolve();
      else setTimeout(followed.resolve, FOLLOW_WITHIN_MS).unref();
    }),
  );
  await Promise.race([Promise.all(watched), followed.promise]);
  const failed = works.findIndex((_, at) => at in failures);
  if (failed >= 0) throw failures[failed];
  return Promise.all(works);
}
