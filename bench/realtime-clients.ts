// The pages of `bench/realtime.ts`: many sockets in one process, each in one channel.
import { WebSocket } from 'ws';

const [port, sockets, channels] = process.argv.slice(2).map(Number) as [number, number, number];
const AT_ONCE = 100;
let delays: number[] = [];
let wanted = Number.POSITIVE_INFINITY;

function report(): void {
  if (delays.length < wanted) return;
  process.send?.(delays);
  delays = [];
  wanted = Number.POSITIVE_INFINITY;
}

function connect(number: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false, skipUTF8Validation: true });
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'hello', token: `account-${number}` }));
      socket.send(JSON.stringify({ type: 'join', id: 1, channel: `chat/rooms/${number % channels}` }));
    });
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      const now = Number(process.hrtime.bigint());
      const text = data.toString('latin1', 0, 240);
      if (text.startsWith('{"type":"joined"')) return resolve();
      if (!text.startsWith('{"type":"event"')) return;
      const at = text.indexOf('"sentAt":') + 9;
      delays.push((now - Number(text.slice(at, text.indexOf(',', at)))) / 1e6);
      report();
    });
  });
}

process.on('message', (question: { await: number }) => {
  wanted = question.await;
  report();
});
let next = 0;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (next < sockets) await connect(next++);
  }),
);
process.send?.('connected');
