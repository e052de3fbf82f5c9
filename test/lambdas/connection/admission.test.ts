import { admit, channelsOf, tooManyAgents } from "../../../lambdas/connection/admission.js";
import type { Permitted } from "../../../lambdas/ports.js";
import { DEFAULT_LIMITS } from "../../../protocol/index.js";
import { agentOf, NOW } from "../support/fakes.js";

const permitted = (more: Partial<Permitted> = {}): Permitted => ({
  permitted: true,
  subscribe: ["a"],
  publish: [],
  ...more,
});
const offered = agentOf("c1", { credentials: "token" });
const bare = agentOf("c1");

describe("the agent that a connection guard permitted", () => {
  test("has the values and the credentials that the guard set", () => {
    const permission = { credentials: "claims", info: { name: "Ada" }, userId: "ada", expiresAt: NOW + 1 };
    expect(admit(offered, permitted(permission), true)).toEqual({ ...bare, ...permission });
  });

  // Neither the client's credentials nor an agent's old values are kept.
  test("has no values that the guard did not set", () => {
    expect(admit({ ...offered, info: "old", userId: "old", expiresAt: NOW }, permitted(), true)).toEqual(bare);
  });

  test("has no credentials if they are not to be kept", () => {
    expect(admit(offered, permitted({ credentials: "claims", info: null }), false)).toEqual({ ...bare, info: null });
  });
});

test("an agent is subscribed to its guard's channels and its user's channel", () => {
  expect(channelsOf(bare, permitted())).toEqual(["a"]);
  expect(channelsOf({ ...bare, userId: "ada" }, permitted())).toEqual(["a", "/meta/user/ada"]);
});

describe("a user's agents", () => {
  const withAgents = (count: number, expired = 0, sessions: readonly string[] = []) => {
    const agents = Array.from({ length: count }, (_, at) => ({
      connectionId: `c${at}`,
      connectedAt: NOW,
      ...(at < expired && { expired: true as const }),
      ...(sessions[at] !== undefined && { session: sessions[at] }),
    }));
    const asked: string[] = [];
    const subscribers = async function* (channel: string) {
      asked.push(channel);
      yield agents;
    };
    return { asked, subscribers };
  };
  const limits = { ...DEFAULT_LIMITS, agentsPerUser: 3 };
  const ada = agentOf("c1", { userId: "ada" });

  test("are too many above the limit, this one included", async () => {
    const three = withAgents(3);
    expect(await tooManyAgents(three, limits, ada)).toBe(false);
    expect(three.asked).toEqual(["/meta/user/ada"]);
    expect(await tooManyAgents(withAgents(4), limits, ada)).toBe(true);
  });

  // Two agents of one session count once. Each further agent of the session counts.
  test.each<[sessions: string[], tooMany: boolean]>([
    [["s", "s", "t", "t", "u", "u"], false],
    [["s", "t", "s", "u", "t", "u"], false],
    [["s", "s", "s", "t"], false],
    [["s", "s", "s", "s"], false],
    [["s", "s", "s", "s", "s"], true],
    [["s", "s", "s", "t", "u"], true],
    [["s", "s", "t", "u", "v"], true],
  ])("with sessions %j exceed the limit: %s", async (sessions, tooMany) => {
    expect(await tooManyAgents(withAgents(sessions.length, 0, sessions), limits, ada)).toBe(tooMany);
  });

  test("that expired do not count in their session", async () => {
    expect(await tooManyAgents(withAgents(4, 1, ["s", "s", "t", "u"]), limits, ada)).toBe(false);
    expect(await tooManyAgents(withAgents(5, 1, ["s", "s", "t", "u", "v"]), limits, ada)).toBe(true);
  });

  test("do not count once they have expired", async () => {
    expect(await tooManyAgents(withAgents(5, 2), limits, ada)).toBe(false);
  });

  test("are not counted, and not read, without a user", async () => {
    const many = withAgents(9);
    expect(await tooManyAgents(many, limits, agentOf("c1"))).toBe(false);
    expect(many.asked).toEqual([]);
  });
});
