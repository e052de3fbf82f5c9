import { Guards } from "../../infra/index.js";
import { GuardCode } from "./support/guard-functions.js";
import { TestSystem } from "./support/system.js";

/** The types of two patterns: the guard module decides about one, a guard function about the other. */
const TYPES = `
  import { z } from "zod";
  import { channel, defineChannels, guardHandler, guards } from "push-it-server/guards";
  const type = channel({
    message: z.object({ text: z.string().transform((text) => text.trim()) }),
    presence: z.object({ typing: z.boolean() }),
  });
  const channels = defineChannels({ "rooms/*": type, "apart/*": type });
`;

const code = new GuardCode();
let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start({
    guards: `${TYPES} export default guards(channels, {});`,
    guardFunctions: (stack) =>
      Guards.fromLambda({
        channels: {
          "apart/*": {
            onPublicationRequest: code.node(
              stack,
              "Apart",
              `${TYPES} export const handler = guardHandler(guards(channels, {}));`,
            ),
          },
        },
      }),
    props: {
      publishUrl: true,
      channels: { "rooms/*": { presence: { state: true } }, "apart/*": { presence: { state: true } } },
    },
  });
});

afterAll(async () => {
  await system.close();
  code.remove();
});

describe.each(["rooms/1", "apart/1"])("the types of %s", (channel) => {
  it("let a publication pass that fits, unchanged", async () => {
    const [reader, writer] = [await system.connect(), await system.connect()];
    expect(await reader.subscribe(channel)).toMatchObject({ successful: true });
    expect(await writer.publish(channel, { text: " hello " })).toMatchObject({ successful: true });
    expect(await reader.message({ text: " hello " })).toMatchObject({ channel });
  });

  it("refuse other publications with bad_data and the place", async () => {
    const wire = await system.connect();
    expect(await wire.publish(channel, { text: 5 })).toMatchObject({
      successful: false,
      code: "bad_data",
      error: expect.stringMatching(/^data\.text: /),
    });
  });

  it("check states of members as states", async () => {
    const wire = await system.connect();
    await wire.subscribe(channel);
    const set = (state: unknown) =>
      wire.request({ action: "state", channel: "/meta/presence", data: { channel, state } });
    expect(await set({ typing: true })).toMatchObject({ successful: true });
    expect(await set({ text: "a message" })).toMatchObject({
      code: "bad_data",
      error: expect.stringMatching(/^state\.typing: /),
    });
  });
});

it("are not checked for a back end, which no guard checks either", async () => {
  const reader = await system.connect();
  await reader.subscribe("rooms/2");
  const request = { version: 1, publish: [{ channel: "rooms/2", data: "from the back end" }] };
  expect(await system.running.invoke(system.functionOf("PushItPublisherFunction"), request)).toMatchObject({
    ok: true,
  });
  expect(await reader.message("from the back end")).toMatchObject({ channel: "rooms/2" });
});
