// SPDX-License-Identifier: MIT
//
// OpenAI's own client, at the command line; see conformance.bats.
//
//   node client.mjs METHOD [ARGUMENT...] [-- METHOD [ARGUMENT...]]...
//
// Each calls client.beta.chatkit.threads.METHOD with its arguments, JSON texts, and prints as JSON,
// one a line, every element of a listing, whatever its pages, or the one object. There is one more
// METHOD: everything {"limit"} prints for each thread {"thread", as listed, "retrieved", "items",
// oldest first}, all listed with that limit.
//
// The API and the key are OPENAI_BASE_URL and OPENAI_API_KEY, which the client itself looks for.
// An error of the API's is the last line, {"error": the client's class for it, ...}, and status 1.
// With ANSWERS=FILE every answer is added to FILE as it came, {"method", "url", "status", "body"}.

import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";

// Not by import, which does not look into NODE_PATH: the package is in the build directory.
const OpenAI = createRequire(import.meta.url)("openai");

async function recordingFetch(url, options) {
    const response = await fetch(url, options);
    const { method = "GET" } = options;
    const body = await response.clone().text();
    const answer = { method, url: String(url), status: response.status, body };
    appendFileSync(process.env.ANSWERS, JSON.stringify(answer) + "\n");
    return response;
}

const client = new OpenAI(process.env.ANSWERS ? { fetch: recordingFetch } : {});
const { threads } = client.beta.chatkit;

async function* everything({ limit } = {}) {
    for await (const thread of threads.list({ limit })) {
        const items = [];
        for await (const item of threads.listItems(thread.id, { limit, order: "asc" }))
            items.push(item);
        yield { thread, retrieved: await threads.retrieve(thread.id), items };
    }
}

function print(value) {
    console.log(JSON.stringify(value));
}

async function call(method, ...texts) {
    const values = texts.map((text) => JSON.parse(text));
    const result = method === "everything" ? everything(...values) : threads[method](...values);
    if (Symbol.asyncIterator in result) for await (const element of result) print(element);
    else print(await result);
}

const calls = [[]];
for (const word of process.argv.slice(2))
    if (word === "--") calls.push([]);
    else calls.at(-1).push(word);
try {
    for (const words of calls) await call(...words);
} catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    const { status, type, code, param, requestID } = error;
    print({ error: error.constructor.name, status, type, code, param, requestID });
    process.exitCode = 1;
}
