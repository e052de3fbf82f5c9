import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FakeChannelOptions } from "push-it-client/testing";
import { DEPLOYMENT } from "../client/testing/conformance/deployment.js";
import { SUITE } from "../client/testing/conformance/suite.js";
import { type LocalWorld, localWorld } from "./support/local-world.js";

/** Faults in the guards: the text, its replacement, and the behaviour that must not pass with it. */
const GUARD_FAULTS: [search: string, replace: string, seenBy: string][] = [
  ['agent.connectionDenied("You are banned.")', "agent.connected()", "denies a connection with the guard's reason"],
  [
    'if (area === "closed") return agent.subscriptionDenied(channel, "You are not invited.");',
    "",
    "refuses a subscription with the guard's reason",
  ],
  ['if (area === "slow") return undefined;', "", "refuses a subscription without a verdict in time"],
  ['"Be nice."', '"Be kind."', "refuses a publication with the guard's reason"],
  ["toUpperCase", "toLowerCase", "delivers the guard's message, and returns its result"],
  [
    'channel.publish({ ...message, data: [data, "again"] });',
    "void data;",
    "gives several messages of one guard call different ids",
  ],
  [
    "export default guards(types, {",
    "void types;\nexport default guards({",
    "refuses data that does not fit the channel's type",
  ],
  ["if (to === agent.userId ||", "if (agent.userId ||", "leaves withheld messages out of a history"],
  [
    'if (channel.name.startsWith("sticky/")) agent.unsubscriptionDenied(channel, "Stay.");\n    else agent.unsubscribe(channel);',
    "agent.unsubscribe(channel);",
    "keeps a subscription that its guard does not release",
  ],
  ['agent.presenceDenied(channel, "Calm down.")', "agent.presenceSuccess(channel)", "lets guards decide about states"],
  ['if (area === "extra") agent.subscribe("plain/extra");', "", "subscribes to the further channels of a guard"],
  ["info: { name },", "", "lists the members of a channel by user"],
];

/** Faults in the options of channels, and the behaviour that must not pass with it. */
const OPTION_FAULTS: [pattern: keyof typeof DEPLOYMENT.channels, options: FakeChannelOptions, seenBy: string][] = [
  ["kept/*", { history: { size: 5 } }, "keeps as many messages as the history may have"],
  ["rooms/*", { history: true, presence: true }, "says on some channels who has published"],
  ["values/*", {}, "gives a new subscriber the latest value"],
  ["lists/*", { history: { size: 100 } }, "gives a new subscriber of a list its last message"],
];

const source = readFileSync(join(__dirname, "../client/testing/conformance/guards.ts"), "utf8");
const guards = GUARD_FAULTS.reduce((text, [search, replace]) => text.replace(search, () => replace), source);
const channels = {
  ...DEPLOYMENT.channels,
  ...Object.fromEntries(OPTION_FAULTS.map(([pattern, options]) => [pattern, options])),
};

/** The longest that a condition may take with a fault, in moments of 25 ms: nearly all of them never come. */
const MOMENTS = 60;

/** Behaviours that no fault concerns. */
const SOUND = [
  "keeps the order of one publisher",
  "recovers the messages of a lost connection",
  "delivers to a wildcard what is below it, once",
  "ends a subscription with a reason",
];

let local: LocalWorld;
beforeAll(async () => {
  local = await localWorld(guards, channels);
});
afterEach(() => local.disconnectAll());
afterAll(() => local.close());

describe("the conformance suite of the fake, on a local system with faults", () => {
  it.each(GUARD_FAULTS)("has the text %j once in its guards", (search) => {
    expect(source.split(search)).toHaveLength(2);
  });

  it.each([...GUARD_FAULTS, ...OPTION_FAULTS].map(([, , seenBy]) => seenBy))("fails: %s", async (seenBy) => {
    const { run } = SUITE.find(({ name }) => name === seenBy)!;
    await expect(run({ ...local, moments: MOMENTS })).rejects.toThrow();
  });

  it.each(SUITE.filter(({ name }) => SOUND.includes(name)))("passes: $name", ({ run }) => run(local));
});
