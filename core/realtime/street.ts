import { randomBytes } from 'node:crypto';
import type { Log } from '@plinth/sdk';
import type { Bus, BusMessage } from './bus.ts';
import { Channels } from './channels.ts';
import type { Connection } from './connection.ts';
import { House } from './house.ts';
import { IdleTopics } from './idle.ts';
import type { RealtimeLimits } from './limits.ts';
import { CLOSE } from './protocol.ts';

/** Sockets are pinged a few at a time: ten thousand pings at once would hold up everything else. */
const SLICES = 300;
const REMEMBER_ENDED_MS = 60_000;
/** A node that was not heard of for so many of its own announcements is dead. */
const SILENT_FOR = 3;

/** All houses of this node, one per tenant, and the line to the other nodes. */
export class Street {
  readonly limits: RealtimeLimits;
  readonly log: Log;
  readonly channels = new Channels();
  readonly idle: IdleTopics;
  readonly node = randomBytes(6).toString('base64url');
  /** When credentials and accounts ended, a moment ago: a socket may just be arriving with one. */
  readonly ended = new Map<string, number>();
  readonly #bus: Bus;
  readonly #houses = new Map<string, House>();
  readonly #slices = Array.from({ length: SLICES }, () => new Set<Connection>());
  readonly #timers: NodeJS.Timeout[];
  #beat = 0;
  #opened = 0;
  sockets = 0;
  dropped = 0;

  constructor(limits: RealtimeLimits, log: Log, bus: Bus) {
    this.limits = limits;
    this.log = log;
    this.#bus = bus;
    this.idle = new IdleTopics(limits);
    bus.subscribe(
      (message) => this.#deliver(message),
      () => this.tellAll({ kind: 'lost' }),
    );
    this.#timers = [
      setInterval(() => this.#heartbeat(), limits.heartbeatMs / SLICES).unref(),
      setInterval(() => this.#announce(), limits.announceMs).unref(),
    ];
  }

  get houses(): Iterable<House> {
    return this.#houses.values();
  }

  houseOf(tenantId: string): House {
    const house = this.#houses.get(tenantId) ?? new House(tenantId, this);
    this.#houses.set(tenantId, house);
    return house;
  }

  nextNumber(): number {
    this.#opened += 1;
    return this.#opened;
  }

  opened(connection: Connection): void {
    this.sockets += 1;
    this.#slices[connection.number % SLICES]?.add(connection);
  }

  closed(connection: Connection, code: number): void {
    this.sockets -= 1;
    if (code === CLOSE.slow) this.dropped += 1;
    this.#slices[connection.number % SLICES]?.delete(connection);
  }

  connections(): Connection[] {
    return this.#slices.flatMap((slice) => [...slice]);
  }

  tellOthers(message: BusMessage): void {
    this.#bus.publish(message);
  }

  tellAll(message: BusMessage): void {
    this.#bus.publish(message);
    this.#deliver(message);
  }

  /** A credential or an account. */
  end(tenantId: string, subjectId: string): void {
    this.ended.set(subjectId, performance.now());
    setTimeout(() => this.ended.delete(subjectId), REMEMBER_ENDED_MS).unref();
    this.#houses.get(tenantId)?.end(subjectId);
  }

  /** One after the other: the answers come from the database, which may just have come back. */
  async recheck(tenantId: string | undefined): Promise<void> {
    for (const connection of this.connections()) {
      if (tenantId === undefined || connection.tenantId === tenantId) await connection.recheck();
    }
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const house of this.#houses.values()) house.close(() => true);
    await this.#bus.close();
  }

  #deliver(message: BusMessage): void {
    if (message.kind === 'lost') for (const house of this.#houses.values()) house.lost();
    else this.houseOf(message.tenantId).deliver(message);
  }

  #heartbeat(): void {
    this.#beat = (this.#beat + 1) % SLICES;
    for (const connection of this.#slices[this.#beat] ?? []) {
      if (connection.alive) connection.ping();
      else connection.terminate();
    }
    if (this.#beat > 0) return;
    this.idle.sweep();
    for (const [tenantId, house] of this.#houses) if (house.empty) this.#houses.delete(tenantId);
  }

  /** Says who is here again and again, so that what the bus lost is mended and what a dead node said is forgotten. */
  #announce(): void {
    const silentSince = performance.now() - SILENT_FOR * this.limits.announceMs;
    for (const house of this.#houses.values()) house.announce(silentSince);
  }
}
