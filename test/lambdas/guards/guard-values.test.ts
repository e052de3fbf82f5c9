import { guardCall } from "./call-fixture.js";

describe("values that a guard passes", () => {
  test("are copied at once, so that later changes have no effect", () => {
    const { agent, channel, message, decisions } = guardCall("onPublicationRequest");
    const data = { count: 1 };
    channel.publish({ data });
    data.count = 2;
    channel.publish({ data });
    agent.publicationSuccess(message);
    expect(decisions).toMatchObject([{ publish: [{ data: { count: 1 } }, { data: { count: 2 } }] }]);
  });

  test("are copied as JSON", () => {
    const { agent, channel, message, decisions } = guardCall("onPublicationRequest");
    channel.publish({ data: { at: new Date(0), left: undefined } });
    agent.publicationSuccess(message);
    expect(decisions).toMatchObject([{ publish: [{ data: { at: "1970-01-01T00:00:00.000Z" } }] }]);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;

  test.each([
    ["undefined", undefined],
    ["a function", () => 1],
    ["a BigInt", 1n],
    ["a cycle", cyclic],
    ["a symbol", Symbol("x")],
  ])("must be JSON: %s is refused", (_, data) => {
    const { channel, agent, message } = guardCall("onPublicationRequest");
    expect(() => channel.publish({ data })).toThrow(TypeError);
    if (data !== undefined) expect(() => agent.publicationSuccess(message, data as never)).toThrow(TypeError);
  });
});
