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

describe("the agent that a guard's permission makes", () => {
  test("has what the guard said, and what it left of the credentials", () => {
    const said = { credentials: "claims", info: { name: "Ada" }, userId: "ada", expiresAt: NOW + 1 };
    expect(admit(offered, permitted(said), true)).toEqual({ ...bare, ...said });
  });

  test("has nothing that the guard did not say: neither what was offered nor what an agent had before", () => {
    expect(admit({ ...offered, info: "old", userId: "old", expiresAt: NOW }, permitted(), true)).toEqual(bare);
  });

  test("has no credentials where they are not to be kept", () => {
    expect(admit(offered, permitted({ credentials: "claims", info: null }), false)).toEqual({ ...bare, info: null });
  });
});

test("an agent is subscribed to what its guard said, and found by its user", () => {
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

  test("are too many when they are more than the limit, this one included", async () => {
    const three = withAgents(3);
    expect(await tooManyAgents(three, limits, ada)).toBe(false);
    expect(three.asked).toEqual(["/meta/user/ada"]);
    expect(await tooManyAgents(withAgents(4), limits, ada)).toBe(true);
  });

  test.each<[sessions: string[], tooMany: boolean]>([
    [["s", "s", "t", "t", "u", "u"], false],
    [["s", "t", "s", "u", "t", "u"], false],
    [["s", "s", "s", "t"], false],
    [["s", "s", "s", "s"], false],
    [["s", "s", "s", "s", "s"], true],
    [["s", "s", "s", "t", "u"], true],
    [["s", "s", "t", "u", "v"], true],
  ])(
    "of the sessions %j count once for two of one session, and each further one counts: too many is %s",
    async (sessions, tooMany) => {
      expect(await tooManyAgents(withAgents(sessions.length, 0, sessions), limits, ada)).toBe(tooMany);
    },
  );

  test("that have expired make no place in their session", async () => {
    expect(await tooManyAgents(withAgents(4, 1, ["s", "s", "t", "u"]), limits, ada)).toBe(false);
    expect(await tooManyAgents(withAgents(5, 1, ["s", "s", "t", "u", "v"]), limits, ada)).toBe(true);
  });

  test("do not count once they have expired", async () => {
    expect(await tooManyAgents(withAgents(5, 2), limits, ada)).toBe(false);
  });

  test("are nobody's where there is no user, and cost no read", async () => {
    const many = withAgents(9);
    expect(await tooManyAgents(many, limits, agentOf("c1"))).toBe(false);
    expect(many.asked).toEqual([]);
  });
});
