import { Meta, type Reply } from "../../../../protocol/index.js";
import { check, failed, passed } from "../check.js";
import { spreadOf } from "../../remote/numbers.js";
import { freshId } from "../../remote/ids.js";

/** Frames that are wrong, and the code that each is answered with. */
const WRONG: readonly [string, Record<string, unknown>][] = [
  ["unknown_action", { action: "check", channel: "/meta/check" }],
  ["bad_frame", { action: "subscribe", channel: Meta.subscribe, data: {} }],
  ["reserved_channel", { action: "publish", channel: "/meta/check", data: 1 }],
  ["bad_channel", { action: "publish", channel: "a//b", data: 1 }],
];

/** Answers that are timed. */
const PINGS = 7;

/** Every request is answered: with its uuid, its code, and before the SDK suspects the connection. */
export const answers = check({
  name: "answers",
  promise: "every request is answered, with its uuid and its code, before a client suspects the connection",
  async observe(trial) {
    const wire = await trial.open();
    const codes: { wanted: string; got: string }[] = [];
    for (const [wanted, frame] of WRONG) {
      const { successful, code }: Reply = await wire.request({ ...frame, uuid: freshId() });
      codes.push({ wanted, got: successful ? "success" : (code ?? "no code") });
    }
    for (let n = 0; n < PINGS; n += 1) await wire.ping();
    return { codes, times: trial.times.answer, slowMs: trial.settings.slowMs };
  },
  judge({ codes, times, slowMs }) {
    const wrong = codes.find(({ wanted, got }) => wanted !== got);
    if (wrong) return failed(`a frame that is ${wrong.wanted} is answered with ${wrong.got}`);
    const { p50 = 0, p95 = 0 } = spreadOf(times) ?? {};
    // The median: a cold start or one lost packet is not a fault.
    if (p50 > slowMs)
      return failed(`half of the answers take more than ${p50} ms; after ${slowMs} ms the SDK suspects its connection`);
    return passed(`${times.length} answers, p50 ${p50} ms, p95 ${p95} ms`);
  },
});
