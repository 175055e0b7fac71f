// oidc-provider, serving the two requests that the bench sends. Prints its address once it serves, and ends with the bench,
// which holds the other end of its stdin.
//   node server.js memory|postgresql       with CLIENT_ID, CLIENT_SECRET and, for PostgreSQL, DATABASE_URL

import cluster from 'node:cluster';
import { createServer } from 'node:http';

import { memory } from './memory.js';
import { createTable, postgresql } from './postgresql.js';
import { provider } from './provider.js';

// What is fastest on two cores, which PostgreSQL and the bench share with them.
const PROCESSES = 2;

function serve(adapter, onListening) {
  const server = createServer(provider(adapter).callback());
  server.listen(0, '127.0.0.1', () => onListening?.(server.address()));
}

function announce({ address, port }) {
  console.log(`${address}:${port}`);
}

if (cluster.isPrimary) {
  process.stdin.resume().on('end', () => process.exit());
  if (process.argv[2] === 'memory') {
    // One process, as processes don't share memory: a token of one would be unknown to the other.
    serve(memory, announce);
  } else {
    await createTable();
    let listening = 0;
    cluster.on('listening', (_, address) => {
      listening += 1;
      if (listening === PROCESSES) announce(address);
    });
    for (let number = 0; number < PROCESSES; number += 1) cluster.fork();
  }
} else {
  serve(postgresql);
}
