import { SESSION_PREFIX } from "../../protocol/version.js";
import { deadline } from "./host.js";
import { freshId } from "./id.js";
import { RETRY_BASE } from "./options.js";
import type { Core } from "./parts.js";

/** How long a publication may be sent again, in milliseconds, from when it was first: the server knows it again for longer. */
const PATIENCE = 300_000;

/** The bound of the wait before a publication is sent again, in milliseconds. */
const PAUSE = 10_000;

/** After what a publication may or may not have happened, or has not, and may soon. */
const DOUBTFUL = /^(cha|clo|exp|int|rat|thr|tim|una)|_agent$/;

/**
 * Publishes again what may not have happened, under the same id, on channels that are known to have history: there the
 * server knows it again. A publication keeps its place, and those behind it wait: so their order stays.
 */
export const publishAgain = (core: Core): void => {
  const { host, retryBase = RETRY_BASE, _flush, _answer, _fail } = core;
  const kept = new Set<string | undefined>();
  // By this secret the server knows who publishes again.
  core._offers = [SESSION_PREFIX + freshId()];

  core._flush = () => {
    // Where this process slept meanwhile, in whatever state, the server may not know it any more.
    for (const request of core._open) if (host.Date.now() - request._sent! > PATIENCE) _fail(request, "timeout");
    _flush();
  };

  core._answer = (answer) => {
    for (const request of core._open) if (answer.position && request._uuid === answer.uuid) kept.add(request._channel);
    _answer(answer);
  };

  core._fail = (request, code, reason) => {
    if (
      request._action !== "publish" ||
      !request._frame ||
      !(kept.has(request._channel) || core._position(request._channel!)) ||
      !DOUBTFUL.test(code) ||
      core._stopped
    )
      return _fail(request, code, reason);
    request._cancel?.();
    // As if it were in flight: nothing overtakes it, and an answer that comes late is still its answer.
    request._frame = [];
    // As long as it has been tried, or less: so the waits grow, and never more than `PAUSE`.
    request._cancel = deadline(host, Math.min(PAUSE, retryBase + (host.Date.now() - request._sent!)) * host.Math.random(), () => {
      request._frame = undefined;
      core._start(request);
      core._flush();
    });
  };
};
