// A batch of commands for any number of books, committed as one transaction.
import { Problem } from '@plinth/sdk';
import { writeOutbox } from '../events/outbox.ts';
import {
  type Change,
  type Command,
  type Done,
  decide,
  type Known,
  noChange,
  nothingKnown,
  placeOf,
  undo,
} from './book.ts';
import type { Line, Pipeline } from './pipeline.ts';
import { type Group, type Remembered, readBooks } from './read-books.ts';
import { writeChanges } from './write-changes.ts';

/** What came of one command. */
export type Outcome = { readonly done: Done } | { readonly refusal: Problem };

export interface Plan {
  readonly outcomes: ReadonlyMap<Command, Outcome>;
  readonly changes: readonly Change[];
}

/**
 * Decides by what is remembered of the books. That may be old, but then `commitPlan` fails: the books have moved on.
 * Only a yes can be known so. For a refusal, a new account or a used key nothing is planned: read first.
 */
export function planByMemory(memory: Remembered, commands: readonly Command[], now: number): Plan | undefined {
  const groups = byBook(commands);
  const remembered = ({ tenantId, commands }: Group) =>
    memory.books.has(tenantId) && commands.every(({ kind }) => kind === 'post');
  if (!groups.every(remembered)) return undefined;
  const plan = planOf(memory, groups, () => nothingKnown(), now);
  const sure = (change: Change) => change.opened.length === 0 && change.commands.length > 0;
  if (plan.changes.every(sure) && [...plan.outcomes.values()].every((outcome) => 'done' in outcome)) return plan;
  for (const change of plan.changes) undo(change);
  return undefined;
}

/** One round trip. */
export function commitPlan(line: Line, plan: Plan): Promise<void> {
  return line.transaction((pipeline) => write(pipeline, plan));
}

/** Locks the books and reads all it needs first: two round trips, and sure. */
export function commitByReading(
  line: Line,
  memory: Remembered,
  commands: readonly Command[],
  now: number,
): Promise<Plan> {
  const groups = byBook(commands);
  return line.transaction(async (pipeline) => {
    const known = await readBooks(pipeline, groups, memory);
    const plan = planOf(memory, groups, (tenantId) => known.get(tenantId) ?? nothingKnown(), now);
    write(pipeline, plan);
    return plan;
  });
}

/** Always in the same order: two batches never wait for each other's books. */
function byBook(commands: readonly Command[]): Group[] {
  const groups = [...Map.groupBy(commands, ({ tenantId }) => tenantId)];
  return groups
    .map(([tenantId, commands]) => ({ tenantId, commands }))
    .sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
}

function planOf(memory: Remembered, groups: readonly Group[], knownOf: (tenantId: string) => Known, now: number): Plan {
  const outcomes = new Map<Command, Outcome>();
  const changes = groups.map(({ tenantId, commands }) => {
    const book = memory.books.get(tenantId);
    if (!book) throw new Error(`The book of ${tenantId} was not read.`);
    const change = noChange(book, knownOf(tenantId));
    for (const command of commands) outcomes.set(command, outcomeOf(change, command, now));
    return { ...change, after: placeOf(book) };
  });
  return { outcomes, changes };
}

function outcomeOf(change: Change, command: Command, now: number): Outcome {
  try {
    return { done: decide(change, command, now) };
  } catch (refusal) {
    if (refusal instanceof Problem) return { refusal };
    throw refusal;
  }
}

function write(pipeline: Pipeline, { changes }: Plan): void {
  const written = changes.filter(({ entries }) => entries.length > 0);
  if (written.length === 0) return;
  writeChanges(pipeline, written);
  const facts = written.flatMap(({ commands }) => commands.flatMap(({ command }) => command.facts));
  if (facts.length > 0) pipeline.also(writeOutbox(pipeline.client, facts));
}
