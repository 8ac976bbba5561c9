// SPDX-License-Identifier: MIT
//
// What gateway.conf can't say: which answers may be kept, and whose they are.

import crypto from 'crypto';

// What tells one account from another, and no more than a digest of it: it becomes part of the name
// under which an answer is kept, and of the log. The variables are what gateway.conf sends on.
function account(r) {
    const said = ['authorization', 'openai_organization', 'openai_project'].map(
        (name) => r.variables['http_' + name] || '');
    return crypto.createHash('sha256').update(said.join('\n')).digest('hex').slice(0, 32);
}

// Items are added behind all others, and finished ones never change: a page of them in ascending
// order is what it is for good once there are more behind it and none of it is in progress.
function isFinal(r, reply) {
    if (reply.status !== 200 || r.args.order !== 'asc' || 'before' in r.args) {
        return false;
    }
    try {
        const page = JSON.parse(reply.responseText);
        return page.has_more === true && Array.isArray(page.data) && page.data.length > 0 &&
            page.data.every((item) => item.status !== 'in_progress');
    } catch (error) {
        return false;
    }
}

// The headers that a client has a use for. What the API says of its rate limit is true of the
// moment, and not kept.
function isPassed(name, final) {
    return /^(content-type|x-request-id)$/i.test(name) ||
        !final && /^(x-ratelimit-.*|retry-after|retry-after-ms|x-should-retry)$/i.test(name);
}

async function answer(r) {
    const reply = await r.subrequest('/second');
    const final = isFinal(r, reply);
    for (const name in reply.headersOut) {
        if (isPassed(name, final)) {
            r.headersOut[name] = reply.headersOut[name];
        }
    }
    if (final) {
        r.headersOut['X-Accel-Expires'] = r.variables.keep;
    }
    r.return(reply.status, reply.responseBuffer);
}

export default { account, answer };
