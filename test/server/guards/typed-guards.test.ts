import { channel, defineChannels, guards, type Guards } from "push-it-server/guards";
import { z } from "zod";
import { argumentsFor } from "../../../lambdas/guards/guard-context.js";
import type { Decision, GuardCall } from "../../../lambdas/guards/messages.js";
import { callHandler, entriesOf, manifestOf } from "../../../lambdas/guards/module.js";
import type { HandlerName } from "../../../protocol/guard-manifest.js";
import { DEFAULT_LIMITS, type Json } from "../../../protocol/index.js";
import { callOf } from "../../lambdas/guards/call-fixture.js";

const channels = defineChannels({
  "rooms/*": channel({ message: z.object({ text: z.string() }), presence: z.object({ typing: z.boolean() }) }),
});

/** Calls a guard of a module as the guard's thread does. */
const decide = (
  module: Guards,
  handler: HandlerName,
  entry: string,
  more: Partial<GuardCall>,
): Decision | undefined => {
  let decision: Decision | undefined;
  const call = callOf(handler, { channel: "rooms/5", entry, ...more });
  const args = argumentsFor(
    call,
    { wildcards: [], limits: DEFAULT_LIMITS },
    { decided: (decided) => (decision = decided), ignored: () => undefined },
  );
  const entries = entriesOf(module);
  manifestOf(entries);
  callHandler(entries, call, args);
  return decision;
};

const message = (data: Json, more: { isState?: true } = {}): Pick<GuardCall, "message"> => ({
  message: { channel: "rooms/5", uuid: "m1", data, ...more },
});

const permitAll = guards(channels, {});

describe("guards(channels, module)", () => {
  it("refuses a publication that does not fit, and says where", () => {
    expect(decide(permitAll, "onPublicationRequest", "", message({ text: 5 }))).toMatchObject({
      permitted: false,
      code: "bad_data",
      reason: expect.stringMatching(/^data\.text: /),
    });
  });

  it("forwards the data as it came, not what the schema returns", () => {
    const trims = defineChannels({ "rooms/*": channel({ message: z.string().transform((text) => text.trim()) }) });
    expect(decide(guards(trims, {}), "onPublicationRequest", "", message(" hello "))).toMatchObject({
      permitted: true,
      publish: [{ data: " hello " }],
    });
  });

  it("calls the developer's guard only for data that fits", () => {
    const seen: unknown[] = [];
    const module = guards(channels, {
      channels: {
        "rooms/*": {
          onPublicationRequest(_channel, agent, { data }) {
            seen.push(data.text);
            agent.publicationDenied({ channel: "rooms/5", uuid: "m1", data }, "not now");
          },
        },
      },
    });
    expect(decide(module, "onPublicationRequest", "rooms/*", message({ text: "a" }))).toEqual({
      permitted: false,
      reason: "not now",
    });
    expect(decide(module, "onPublicationRequest", "rooms/*", message({}))).toMatchObject({ code: "bad_data" });
    expect(seen).toEqual(["a"]);
  });

  it("keeps the guard's own object as its this", () => {
    const module = guards(channels, {
      greeting: "hi",
      onPublicationRequest(_channel, agent, requested) {
        agent.publicationDenied(requested, (this as unknown as { greeting: string }).greeting);
      },
    } as Parameters<typeof guards>[1] & { greeting: string });
    expect(decide(module, "onPublicationRequest", "", message({ text: "a" }))).toMatchObject({ reason: "hi" });
  });

  it("checks a state as a state, whichever guard decides it", () => {
    expect(decide(permitAll, "onPublicationRequest", "", message({ typing: true }, { isState: true }))).toMatchObject({
      permitted: true,
    });
    expect(decide(permitAll, "onPublicationRequest", "", message({ text: "a" }, { isState: true }))).toMatchObject({
      code: "bad_data",
      reason: expect.stringMatching(/^state\.typing: /),
    });
    const module = guards(channels, {
      onPresenceRequest: (room, agent) => agent.presenceSuccess(room),
    });
    expect(decide(module, "onPresenceRequest", "", { state: { typing: true } })).toMatchObject({ permitted: true });
    expect(decide(module, "onPresenceRequest", "", { state: { typing: 1 } })).toMatchObject({ code: "bad_data" });
  });

  it("adds no guard that would decide what another guard decides", () => {
    const module = guards(channels, { onSubscriptionRequest: (room, agent) => agent.subscribe(room) });
    expect(manifestOf(entriesOf(module))).toEqual({ "": ["onSubscriptionRequest", "onPublicationRequest"] });
  });
});
