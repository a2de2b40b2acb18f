/** Signals that arrive together are one: a terminal sends Ctrl-C to us and to the process that started us, who passes it on. */
const ONE_AND_THE_SAME_MS = 1_000;

/** Resolves when we are asked to stop. Asked again while stopping, the process ends at once. */
export function askedToStop(): Promise<void> {
  let asked = 0;
  return new Promise((resolve) => {
    const ask = () => {
      if (asked && Date.now() - asked > ONE_AND_THE_SAME_MS) process.exit(130);
      asked ||= Date.now();
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
    // Whoever started us on this Node was killed and could not pass on a signal.
    process.once('disconnect', ask);
    // Waiting for that alone is no reason to stay.
    process.channel?.unref();
  });
}
