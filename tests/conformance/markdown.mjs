// SPDX-License-Identifier: MIT
//
// Whether a thread.md shows each of its items as that item's own .md does; see markdown.bats.
//
//   node markdown.mjs < CONVERSATIONS
//
// CONVERSATIONS has a JSON object on each line: {"name", "markdown": [thread.md, each item's .md],
// "cmark": [the same as HTML by cmark], "headings": [the text of each item's heading]}. The Markdown
// is rendered by markdown-it, which shows HTML and footnotes here, without and with links for bare
// URLs. All HTML is read by parse5, as by a browser. Everywhere the turns' headings, and nothing
// else of their form, are children of the body, and what stands between two of them is what the
// item's own .md has below its heading.
// Prints how many items were compared, or what differs, with status 1.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// Not by import, which does not look into NODE_PATH: the packages are in the build directory.
const require = createRequire(import.meta.url);
const MarkdownIt = require("markdown-it");
const footnotes = require("markdown-it-footnote");
const parse5 = require("parse5");

const HEADING = /^\S+ · (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|no time)$/;
const SHOWN = 10;

const renderers = {
    "markdown-it": new MarkdownIt({ html: true }).use(footnotes),
    "markdown-it with links": new MarkdownIt({ html: true, linkify: true }).use(footnotes),
};
let failures = 0;
let compared = 0;

function fail(...what) {
    if (failures++ < SHOWN) console.error(what.map((one) => JSON.stringify(one)).join("\n  "));
}

function textOf(node) {
    return node.nodeName === "#text" ? node.value : (node.childNodes ?? []).map(textOf).join("");
}

// What a browser makes of it: the body's children; null where something has come to stand elsewhere.
function bodyOf(html) {
    const document = parse5.parse(`<!DOCTYPE html><html><head></head><body>${html}</body></html>`);
    const [, root] = document.childNodes;
    const [head, body] = root.childNodes;
    const plain = [root, head, body].every((node) => node.attrs.length === 0);
    const whole = document.childNodes.length === 2 && root.childNodes.length === 2;
    return plain && whole && head.childNodes.length === 0 ? body.childNodes : null;
}

function isHeading(node) {
    return node.nodeName === "h2" && HEADING.test(textOf(node).replace(/\s+/g, " ").trim());
}

// The HTML below each turn's heading, by these headings; what stands before the first is left out.
function turnsOf(nodes) {
    const turns = [];
    for (const node of nodes) {
        if (isHeading(node)) turns.push({ heading: textOf(node), attrs: node.attrs, html: "" });
        else if (turns.length > 0) turns.at(-1).html += parse5.serializeOuter(node);
    }
    return turns.map(({ html, ...turn }) => ({ ...turn, html: html.trim() }));
}

function compare(name, renderedBy, { markdown, headings }, html) {
    const bodies = html.map(bodyOf);
    const broken = bodies.findIndex((body) => body === null);
    if (broken !== -1) {
        fail(name, renderedBy, `more than a body, in ${broken}`, markdown[broken], html[broken]);
        return;
    }
    const [turns, ...alone] = bodies.map(turnsOf);
    const found = turns.map(({ heading }) => heading);
    const differs = headings.findIndex((heading, i) => {
        const [own] = alone[i];
        compared++;
        const good = alone[i].length === 1 && own.heading === heading && own.attrs.length === 0;
        return !good || JSON.stringify(own) !== JSON.stringify(turns[i]);
    });
    if (differs !== -1) {
        const texts = markdown.slice(Math.max(1, differs), differs + 2);
        fail(name, renderedBy, differs, ...texts, alone[differs], turns[differs] ?? "missing");
    }
    if (JSON.stringify(found) !== JSON.stringify(headings))
        fail(name, renderedBy, "headings", found.length, headings.length);
}

for await (const line of createInterface({ input: process.stdin })) {
    const conversation = JSON.parse(line);
    const { name, markdown, cmark } = conversation;
    // A footnote's number is the document's: an environment for each.
    for (const [title, renderer] of Object.entries(renderers))
        compare(name, title, conversation, markdown.map((text) => renderer.render(text, {})));
    compare(name, "cmark", conversation, cmark);
}
console.log(compared);
process.exitCode = failures > 0 ? 1 : 0;
