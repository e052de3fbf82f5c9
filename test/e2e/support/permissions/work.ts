import { useHistories } from "./histories.js";
import { askDenied, askTooLate, askTooMuch, renewAndDeny, sweep } from "./leaving.js";
import { usePresence } from "./presence.js";
import { gather, keep, publishBy, useServerApi, workOn } from "./publishing.js";
import { MISSING } from "./stack.js";
import type { Option, Tools } from "./tools.js";

/** A part of the work, and the functions of the construct and roles of the stack that it exercises. */
export type Step = [serves: string, work: () => Promise<unknown>];

/** All the work: where a grant is missing, that of its function comes first, so that this is noticed soon. */
const inOrder = (steps: readonly Step[]): readonly Step[] => {
  const isFirst = ([serves]: Step): boolean => serves.split(" ").some((name) => isOf(name, MISSING?.id));
  return [...steps.filter(isFirst), ...steps.filter((step) => !isFirst(step))];
};

const isOf = (name: string, policy = ""): boolean =>
  policy.startsWith(`PushIt${name}Role`) || policy.startsWith(`${name}DefaultPolicy`);

/**
 * Has every function go through all its work, as far as channels' options give it any.
 * @param more what else there is to do in this stack
 */
export const doAllWork = async (tools: Tools, more: readonly Step[] = []): Promise<void> => {
  const { system, has, allowed } = tools;
  const wire = await allowed(system.connect());
  await allowed(wire.request({ action: "connect", channel: "/meta/connect" }));
  for (const channel of ["publish", "send", "backend", "other"]) await allowed(wire.subscribe(channel));
  await allowed(wire.unsubscribe("other"));
  await allowed(wire.request({ action: "nonsense" }));
  const where = (option: Option, ...steps: Step[]): readonly Step[] => (has(option) ? steps : []);
  const steps: Step[] = [
    ["Publish", () => publishBy(tools, "publish", wire)],
    ["Send", () => publishBy(tools, "send", wire)],
    ["Connect Disconnect", () => askTooMuch(tools)],
    ["Publisher", () => useServerApi(tools, wire)],
    ["Deliver", () => workOn(tools, wire)],
    ...where("linger", ["Flush Sweep", () => gather(tools, wire, has("latest") ? "both/1" : "gathering/1")]),
    ...where("latest", ["Publish Subscribe", () => keep(tools, wire)]),
    ...where("history", ["Publish Send Publisher Subscribe Ping Heartbeat History", () => useHistories(tools, wire)]),
    ...where("presence", [
      "Subscribe Unsubscribe Disconnect Ping Heartbeat Presence State Announce CheckPresence",
      () => usePresence(tools, wire),
    ]),
    ["Handshake Disconnect", () => askDenied(tools, "connect")],
    ["Ping Disconnect", () => askDenied(tools, "ping")],
    ["Heartbeat Disconnect", () => askDenied(tools, "heartbeat")],
    ["Subscribe", () => askTooLate(tools, "subscribe")],
    ["Unsubscribe", () => askTooLate(tools, "unsubscribe")],
    ...where("history", ["History", () => askTooLate(tools, "history")]),
    ...where("presence", ["Presence", () => askTooLate(tools, "presence")]),
    ...where("presence", ["State", () => askTooLate(tools, "state")]),
    ["DefaultRoute", () => askTooLate(tools, "nonsense")],
    ["Refresh Disconnect", () => renewAndDeny(tools)],
    ["Sweep Disconnect", () => sweep(tools)],
    ...more,
  ];
  for (const [, work] of inOrder(steps)) await work();
};
