import { SESSION_PREFIX } from "../protocol/version.js";
import { backoff } from "./backoff.js";
import { freshId } from "./id.js";
import { RETRY_BASE, TIMEOUT } from "./options.js";
import type { Core } from "./parts.js";

/**
 * How long a publication may be sent again, in milliseconds, from when it was first in flight, which is at most `timeout`
 * before it first fails: the shortest time for which a deployment knows it again.
 */
const PATIENCE = 300_000;

/** The bound of the wait before a publication is sent again on the same connection, in milliseconds. */
const PAUSE = 10_000;

/** After what a publication may or may not have happened, or has not, and may soon. */
const DOUBTFUL = /^(cha|clo|exp|int|thr|tim|una)|_agent$/;

/**
 * Publishes again what may not have happened, under the same id, on channels that are known to have history: there the
 * server knows it again. A publication keeps its place, and those behind it wait: so their order stays.
 */
export const publishAgain = (core: Core): void => {
  const { host, retryBase = RETRY_BASE, timeout = TIMEOUT, _answer, _fail } = core;
  const kept = new Set<string | undefined>();
  // By this secret the server knows who publishes again.
  core._offers = [SESSION_PREFIX + freshId()];

  core._answer = (answer) => {
    if (answer.position) for (const request of core._open) if (request._uuid === answer.uuid) kept.add(request._channel);
    _answer(answer);
  };

  core._fail = (request, code, reason) => {
    const now = host.Date.now();
    const left = (request._until ??= now + PATIENCE - timeout) - now;
    if (
      request._action !== "publish" ||
      !request._frame ||
      !(kept.has(request._channel) || core._position(request._channel!)) ||
      !DOUBTFUL.test(code) ||
      core._stopped ||
      left <= 0
    )
      return _fail(request, code, reason);
    const resume = (): void => {
      request._frame = undefined;
      request._timeout = Math.min(timeout, left);
      core._start(request);
      core._flush();
    };
    request._cancel?.();
    if (!core._ready) return resume();
    // As if it were in flight: nothing overtakes it, and an answer that comes late is still its answer.
    request._frame = [];
    request._tries = (request._tries ?? 0) + 1;
    const timer = host.setTimeout(resume, backoff(request._tries, retryBase, PAUSE, host.Math.random()));
    request._cancel = () => host.clearTimeout(timer);
  };
};
