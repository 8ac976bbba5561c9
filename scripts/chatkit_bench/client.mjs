// SPDX-License-Identifier: MIT
//
// Lists all threads and their items with OpenAI's own client, so many threads' items at once (0: no
// items). Prints {"threads", "items", "bytes", "seconds"}: what came, and how long that took.
//
//   NODE_PATH=… OPENAI_BASE_URL=… OPENAI_API_KEY=… node client.mjs AT_ONCE

import { createRequire } from "node:module";

// Not by import, which does not look into NODE_PATH: the package is in the build directory.
const OpenAI = createRequire(import.meta.url)("openai");

const atOnce = Number(process.argv[2]);
const { threads } = new OpenAI().beta.chatkit;
const counts = { threads: 0, items: 0, bytes: 0 };

async function listItems(thread) {
    for await (const item of threads.listItems(thread.id, { limit: 100, order: "asc" })) {
        counts.items++;
        counts.bytes += JSON.stringify(item).length;
    }
}

const start = performance.now();
const underWay = new Set();
for await (const thread of threads.list({ limit: 100, order: "desc" })) {
    counts.threads++;
    counts.bytes += JSON.stringify(thread).length;
    if (atOnce === 0) continue;
    const listing = listItems(thread).finally(() => underWay.delete(listing));
    underWay.add(listing);
    if (underWay.size >= atOnce) await Promise.race(underWay);
}
await Promise.all(underWay);
console.log(JSON.stringify({ ...counts, seconds: (performance.now() - start) / 1000 }));
