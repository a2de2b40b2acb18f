// A whole kernel for a test: real PostgreSQL, real rooms, and a clock, tenants, events and jobs that the test moves.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actor, Duration, Plugin, Service } from '@plinth/sdk';
import inject, { type Response } from 'light-my-request';
import pg from 'pg';
import { type Config, loadConfig } from '../config.ts';
import { migrate } from '../database/migrate.ts';
import { databaseRoles } from '../database/roles.ts';
import { migrateQueue } from '../jobs/queue.ts';
import { type Kernel, type KernelOptions, kernelMigrations, startKernel } from '../kernel.ts';
import { provided } from '../room.ts';
import { SILENT } from '../telemetry/log.ts';
import { TestClock } from './clock.ts';
import { type Connection, createTemplate, type TestDatabase, testDatabase, testServer } from './database.ts';

export interface TestKernelOptions {
  readonly plugins: readonly Plugin[];
  /** Stand-ins for services that no loaded plugin provides: `[[Wallet, { balance: async () => ({ coins: 5 }) }]]`. */
  readonly services?: readonly (readonly [Service, Readonly<Record<string, (input: never) => Promise<unknown>>>])[];
  /** Where the plugins run. */
  readonly mode?: 'process';
  readonly config?: Partial<Config>;
  readonly limits?: KernelOptions['limits'];
  /** Every render is made in so many parts, by whoever is free. */
  readonly renderParts?: number;
  /** Database roles of its own: slower to make, and needed by who drops a plugin. */
  readonly ownRoles?: boolean;
  /** One that holds something already. */
  readonly database?: TestDatabase;
}

/** What a test asks and is told. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Response['headers'];
  readonly body: T;
}

// Roles belong to the whole server: the databases of a run share them, as they share the template.
const SHARED = databaseRoles('plinth_test');

/**
 * @example
 * await using kernel = await createTestKernel({ plugins: [tipJar] });
 * const site = await kernel.tenant();
 * const ana = await site.person();
 * const { status } = await ana.post('/api/tip-jar/jars', { title: 'Strings' });
 */
export async function createTestKernel(options: TestKernelOptions): Promise<TestKernel> {
  const database = options.database ?? (await testDatabase(options.ownRoles ? undefined : await migrated()));
  const roles = options.ownRoles ? databaseRoles(database.name) : SHARED;
  const dataDir = mkdtempSync(join(tmpdir(), 'plinth-kernel-'));
  const clock = new TestClock();
  const config = loadConfig(
    { PLINTH_MODE: 'test', PLINTH_SECRET: 'a secret that is long enough for tests' },
    { dataDir, port: 0, publicUrl: 'http://*', ...options.config },
  );
  const dns = new Map<string, string>();
  const kernel = await startKernel(config, {
    plugins: options.plugins,
    clock,
    textsAt: async (name) => [...dns].flatMap(([at, text]) => (at === name ? [text] : [])),
    log: SILENT,
    ...(options.renderParts === undefined ? {} : { renderParts: options.renderParts }),
    limits: options.limits ?? { readsPerMinute: 1_000_000, writesPerMinute: 1_000_000 },
    provides: (options.services ?? []).map(([service, handlers]) =>
      provided(
        service,
        Object.fromEntries(
          Object.entries(handlers).map(([name, handle]) => [name, (_call: unknown, input: never) => handle(input)]),
        ) as never,
      ),
    ),
    connections: {
      owner: database.connection,
      app: { ...testServer(), database: database.name, user: roles.app },
      roles,
      appPassword: undefined,
      stop: async () => {},
    },
  });
  return new TestKernel(
    kernel,
    clock,
    database.connection,
    async () => {
      await kernel.stop();
      await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
    dns,
  );
}

const migrated = () =>
  createTemplate('kernel', async (connection) => {
    await migrate(connection, SHARED, kernelMigrations());
    await migrateQueue(connection, SHARED);
  });

export class TestKernel implements AsyncDisposable {
  readonly kernel: Kernel;
  readonly clock: TestClock;
  /** For looking at the database from outside, as its superuser. */
  readonly owner: Connection;
  /** All that DNS knows: texts by their name. */
  readonly dns: Map<string, string>;
  readonly #dispose: () => Promise<void>;
  #tenants = 0;

  constructor(
    kernel: Kernel,
    clock: TestClock,
    owner: Connection,
    dispose: () => Promise<void>,
    dns: Map<string, string> = new Map(),
  ) {
    this.kernel = kernel;
    this.owner = owner;
    this.dns = dns;
    this.clock = clock;
    this.#dispose = dispose;
  }

  /** A new site with every loaded plugin switched on, and everything consented to. */
  async tenant({
    slug,
    plugins,
    platform,
  }: {
    slug?: string;
    plugins?: readonly string[];
    platform?: boolean;
  } = {}): Promise<TestTenant> {
    this.#tenants += 1;
    const name = slug ?? `site-${this.#tenants}`;
    const { facts } = await this.kernel.tenancy.create({ slug: name, name, ...(platform ? { platform } : {}) });
    const { loaded } = this.kernel.runtime;
    for (const id of plugins ?? loaded.keys())
      await this.kernel.switchboard.enable(facts.id, id, [...(loaded.get(id)?.capabilities ?? [])]);
    return new TestTenant(this, facts.id, `${name}.localhost`);
  }

  /** A site that is in the database already. */
  site(id: string, host: string): TestTenant {
    return new TestTenant(this, id, host);
  }

  /** Delivers every event, runs every job that is due and does all heavy work, until nothing is left. */
  async settle(): Promise<void> {
    const { events, jobs, mail, work } = this.kernel;
    // An event may enqueue a job that emits an event …: each round finds what the one before brought about.
    for (let round = 0; round < 4; round++) {
      await events.settle();
      await jobs.settle();
      await work.settle();
    }
    await mail.settle();
  }

  /** How many rows a look at the whole database finds. */
  async count(query: string): Promise<number> {
    const client = new pg.Client(this.owner);
    await client.connect();
    try {
      return (await client.query(query)).rowCount ?? 0;
    } finally {
      await client.end();
    }
  }

  /** Moves the clock, then lets everything happen that became due. */
  async advance(by: Duration): Promise<void> {
    await this.settle();
    await this.kernel.jobs.advance(by);
    await this.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispose();
  }
}

export class TestTenant {
  readonly id: string;
  readonly host: string;
  readonly #test: TestKernel;
  #people = 0;

  constructor(test: TestKernel, id: string, host: string) {
    this.#test = test;
    this.id = id;
    this.host = host;
  }

  /** Somebody with an account here, signed in. */
  async person({
    roles = [],
    operator = false,
    email,
  }: {
    roles?: readonly string[];
    operator?: boolean;
    email?: string;
  } = {}): Promise<TestPerson> {
    this.#people += 1;
    const address = email ?? `person-${this.#people}@${this.host}.example`;
    const { auth } = this.#test.kernel;
    const accountId = await auth.createAccount(this.id, {
      email: address,
      password: PASSWORD,
      displayName: `Person ${this.#people}`,
      verified: true,
      roles,
      operator,
    });
    return new TestPerson(this.#test, this, accountId, address, await this.signIn(address));
  }

  async signIn(email: string): Promise<string> {
    const login = { email, password: PASSWORD };
    const answer = await this.anyone().post<{ accessToken: string }>('/api/kernel/auth/sessions', login);
    if (answer.status !== 200 && answer.status !== 201)
      throw new Error(`sign-in answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body.accessToken;
  }

  /** Somebody without an account. */
  anyone(): TestCaller {
    return new TestCaller(this.#test, this.host, undefined);
  }

  async enable(plugin: string): Promise<void> {
    const capabilities = this.#test.kernel.runtime.loaded.get(plugin)?.capabilities ?? [];
    await this.#test.kernel.switchboard.enable(this.id, plugin, [...capabilities]);
  }

  async disable(plugin: string): Promise<void> {
    await this.#test.kernel.switchboard.disable(this.id, plugin);
  }

  async configure(plugin: string, settings: unknown): Promise<void> {
    await this.#test.kernel.switchboard.configure(this.id, plugin, settings);
  }

  /** The ctx of a plugin here, as if the kernel were calling it: for asking points and services from a test. */
  async ctx<C = unknown>(plugin: string, actor: Actor = { kind: 'system' }): Promise<C> {
    const { runtime, tenancy } = this.#test.kernel;
    const tenant = await tenancy.byId(this.id);
    const loaded = runtime.loaded.get(plugin);
    if (!tenant || !loaded) throw new Error(`no ${plugin} here`);
    return new loaded.Context({ tenant, actor, requestId: 'test', clock: runtime.clock, log: runtime.log }) as C;
  }
}

const PASSWORD = 'correct horse battery';

let callers = 1;

export class TestCaller {
  readonly host: string;
  token: string | undefined;
  readonly #test: TestKernel;
  /** Everybody calls from a place of their own, or they would share one caller's limits. */
  readonly #address = `10.${(callers >> 16) & 255}.${(callers >> 8) & 255}.${callers++ & 255}`;

  constructor(test: TestKernel, host: string, token: string | undefined) {
    this.#test = test;
    this.host = host;
    this.token = token;
  }

  /** The same credential, shown at another door. */
  at(host: string): TestCaller {
    return new TestCaller(this.#test, host, this.token);
  }

  get<T = Record<string, unknown>>(url: string, headers?: Record<string, string>): Promise<Answer<T>> {
    return this.send('GET', url, undefined, headers);
  }
  post<T = Record<string, unknown>>(url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>> {
    return this.send('POST', url, body, headers);
  }
  put<T = Record<string, unknown>>(url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>> {
    return this.send('PUT', url, body, headers);
  }
  patch<T = Record<string, unknown>>(
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<T>> {
    return this.send('PATCH', url, body, headers);
  }
  delete<T = Record<string, unknown>>(
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<T>> {
    return this.send('DELETE', url, body, headers);
  }

  async send<T>(method: string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
    const answer = await inject((request, response) => this.#test.kernel.handle(request, response), {
      method: method as 'GET',
      url,
      remoteAddress: this.#address,
      headers: {
        host: this.host,
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
          ? {}
          : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: body as never }),
    });
    const isJson = answer.payload !== '' && String(answer.headers['content-type']).includes('json');
    return { status: answer.statusCode, headers: answer.headers, body: (isJson ? answer.json() : answer.payload) as T };
  }
}

export class TestPerson extends TestCaller {
  readonly accountId: string;
  readonly email: string;
  readonly #clock: TestClock;
  readonly #site: TestTenant;
  #signedInAt: number;

  constructor(test: TestKernel, site: TestTenant, accountId: string, email: string, token: string) {
    super(test, site.host, token);
    this.accountId = accountId;
    this.email = email;
    this.#clock = test.clock;
    this.#site = site;
    this.#signedInAt = test.clock.now().getTime();
  }

  /** Sessions end while a test moves the clock; whoever is still there has signed in again. */
  override async send<T>(...request: Parameters<TestCaller['send']>): Promise<Answer<T>> {
    const now = this.#clock.now().getTime();
    if (now - this.#signedInAt > SESSION_MS) {
      this.#signedInAt = now;
      this.token = await this.#site.signIn(this.email);
    }
    return super.send<T>(...request);
  }
}

/** Less than an access token lasts. */
const SESSION_MS = 600_000;
