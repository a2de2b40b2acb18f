// A node of its own process that posts as fast as it is answered and says each key that was acknowledged.
// Usage: node ledger-node.ts <connection as JSON> <tenant id>
import { newId } from '@plinth/sdk';
import { aBook, openNode } from './ledger-books.ts';

const [, , connection = '{}', tenantId = ''] = process.argv;
const book = aBook(openNode(JSON.parse(connection)).ledger, { tenantId });

for (let caller = 0; caller < 32; caller++) void post();

async function post(): Promise<never> {
  for (;;) {
    const key = newId();
    await book.move('source:mint', 'person:1', 1, { key });
    process.stdout.write(`${key}\n`);
  }
}
