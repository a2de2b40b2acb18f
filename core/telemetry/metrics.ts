import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Database } from '../database/database.ts';
import type { Rooms } from '../rooms.ts';
import { RouteStats } from './route-stats.ts';

/** Everything a node can be watched by. Rooms are asked when somebody scrapes, and cost nothing in between. */
export interface Metrics {
  readonly routes: RouteStats;
  text(): Promise<string>;
}

export function createMetrics(database: Database, { events, jobs, mail, realtime, work }: Rooms): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'plinth_' });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });

  const connections = gauge('plinth_database_connections', 'Connections to the database that this node holds.');
  const waiting = gauge('plinth_database_waiting', 'Transactions of this node that wait for a connection.');
  const sockets = gauge('plinth_realtime_sockets', 'Open sockets of this node.');
  const channels = gauge('plinth_realtime_channels', 'Channels with somebody in them on this node.');
  const dropped = gauge('plinth_realtime_dropped', 'Sockets dropped since the start because they read too slowly.');
  const jobFigures = {
    waiting: gauge('plinth_jobs_waiting', 'Runs that wait, on all nodes.'),
    running: gauge('plinth_jobs_running', 'Runs that are being done, on all nodes.'),
    failed: gauge('plinth_jobs_failed', 'Runs that failed for good and were not looked at.'),
    lateMs: gauge('plinth_jobs_late_milliseconds', 'How long the oldest run that is due has waited.'),
  };
  const mailFigures = {
    waiting: gauge('plinth_mail_waiting', 'Messages that wait, on all nodes.'),
    refused: gauge('plinth_mail_refused', 'Messages that wait after the mail server did not take them.'),
    failed: gauge('plinth_mail_failed', 'Messages of the last 60 days that were given up.'),
    lateMs: gauge('plinth_mail_late_milliseconds', 'How long the oldest message that is due has waited.'),
  };
  const byKind = (name: string, help: string): Gauge =>
    new Gauge({ name, help, labelNames: ['kind'], registers: [registry] });
  const workFigures = {
    waiting: byKind('plinth_work_waiting', 'Renders, transcodes and the like that wait, on all nodes.'),
    running: byKind('plinth_work_running', 'Renders, transcodes and the like that are being done, on all nodes.'),
    oldestMs: byKind(
      'plinth_work_oldest_milliseconds',
      'How long the oldest of them that could be started has waited.',
    ),
  };
  const eventFigures = new Map<string, Gauge>();
  const routes = new RouteStats();

  async function collect(): Promise<void> {
    connections.set(database.pool.totalCount);
    waiting.set(database.pool.waitingCount);
    const live = realtime.counts();
    sockets.set(live.sockets);
    channels.set(live.channels);
    dropped.set(live.dropped);
    // A database that is away must not take the other figures with it.
    const asked = [jobs.figures(), mail.figures(), events.figures(), work.figures()] as const;
    const [job, letter, event, heavy] = await Promise.allSettled(asked);
    if (job.status === 'fulfilled') setAll(jobFigures, job.value);
    if (letter.status === 'fulfilled') setAll(mailFigures, letter.value);
    if (heavy.status === 'fulfilled') {
      for (const { kind, ...figures } of heavy.value) setAll(workFigures, figures, { kind });
    }
    if (event.status !== 'fulfilled') return;
    for (const [name, value] of Object.entries(event.value)) {
      const figure = `plinth_events_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
      const known = eventFigures.get(name) ?? gauge(figure, `Events: ${name}.`);
      eventFigures.set(name, known);
      known.set(Number(value));
    }
  }

  return {
    routes,
    async text() {
      await collect();
      return routes.text() + (await registry.metrics());
    },
  };
}

function setAll<N extends string>(
  gauges: Readonly<Record<N, Gauge>>,
  figures: Readonly<Record<N, number>>,
  labels: Readonly<Record<string, string>> = {},
): void {
  for (const name of Object.keys(gauges) as N[]) gauges[name].set(labels, figures[name]);
}
