// A BullMQ queue and a worker in one process. Reads "cycles batch concurrency adders" from its input; adds that many jobs, by so many adders at once,
// handles them, and answers with one line: milliseconds from the first add to the last completion.
import { createInterface } from 'node:readline';
import { Queue, Worker } from 'bullmq';

const [host, port] = process.argv.slice(2);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };
const options = { removeOnComplete: true, removeOnFail: true };
const payload = { text: 'x'.repeat(188) }; // 200 bytes as JSON
let name = 0;

for await (const line of createInterface({ input: process.stdin })) {
  const [cycles, batch, concurrency, adders] = line.split(' ').map(Number);
  const queue = new Queue(`bench${name++}`, { connection });
  await queue.waitUntilReady();
  const worker = new Worker(queue.name, async () => {}, { connection, concurrency });
  await worker.waitUntilReady();
  let handled = 0;
  const done = new Promise((resolve) => worker.on('completed', () => { if (++handled === cycles) resolve(); }));
  const began = process.hrtime.bigint();
  const add = async () => {
    for (let added = 0; added < cycles / adders; added += batch) {
      if (batch === 1) {
        await queue.add('job', payload, options);
      } else {
        await queue.addBulk(Array.from({ length: batch }, () => ({ name: 'job', data: payload, opts: options })));
      }
    }
  };
  await Promise.all(Array.from({ length: adders }, add));
  await done;
  console.log(Number(process.hrtime.bigint() - began) / 1e6);
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
}
process.exit(0);
