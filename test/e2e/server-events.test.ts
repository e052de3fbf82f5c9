import { Duration, type Stack } from "aws-cdk-lib";
import { EventBus, Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Code, Function as Lambda, Runtime } from "aws-cdk-lib/aws-lambda";
import { TestSystem } from "./support/system.js";

/** An event as a rule hands it to its target. */
interface BusEvent {
  source: string;
  "detail-type": string;
  detail: Record<string, unknown>;
}

const GUARDS = `
  export default {
    onConnectionRequest(agent) {
      if (agent.credentials === "nobody") agent.connectionDenied("Not you.");
      else agent.connected({ userId: agent.credentials, info: { name: agent.credentials } });
    },
  };
`;

describe("events on the bus", () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start({
      guards: GUARDS,
      props: (stack: Stack) => {
        const eventBus = new EventBus(stack, "Bus");
        const code = Code.fromInline("exports.handler = async () => undefined;");
        const target = new Lambda(stack, "Target", {
          runtime: Runtime.NODEJS_24_X,
          handler: "index.handler",
          code,
          timeout: Duration.seconds(20),
        });
        new Rule(stack, "Rule", {
          eventBus,
          eventPattern: { source: ["push-it"] },
          targets: [new LambdaFunction(target)],
        });
        return { eventBus, channels: { "rooms/*": { presence: true } } };
      },
    });
  });
  afterAll(() => system.close());

  const eventsOf = (type: string, has: Record<string, unknown>): BusEvent[] =>
    system.invocations
      .filter(({ functionId }) => functionId.startsWith("Target"))
      .map(({ event }) => event as BusEvent)
      .filter(
        (event) =>
          event["detail-type"] === type && Object.entries(has).every(([name, value]) => event.detail[name] === value),
      );

  const once = (type: string, has: Record<string, unknown>): Promise<BusEvent> =>
    system.invoked(() => eventsOf(type, has)[0], `${type} ${JSON.stringify(has)}`);

  it("reports each connected and disconnected agent, each occupied and vacated channel, once", async () => {
    const ada = await system.connect({ credentials: "ada" });
    const { agent } = (await ada.ping()).data as { agent: string };
    const { connectionId, connectedAt } = await system.connectionOf(ada);
    const detail = { agent, connectionId, connectedAt, userId: "ada", info: { name: "ada" } };
    expect(await once("Agent Connected", { agent })).toMatchObject({ source: "push-it", detail });
    const bob = await system.connect({ credentials: "bob" });
    for (const wire of [ada, bob]) for (const channel of ["rooms/1", "plain"]) await wire.subscribe(channel);
    expect(await once("Channel Occupied", { channel: "rooms/1" })).toMatchObject({
      source: "push-it",
      detail: { channel: "rooms/1" },
    });
    await ada.close();
    expect(await once("Agent Disconnected", { agent })).toMatchObject({ source: "push-it", detail });
    // Another function that notices it later puts no second event.
    const event = { requestContext: { connectionId, connectedAt, routeKey: "$disconnect", eventType: "DISCONNECT" } };
    await Promise.all([1, 2, 3].map(() => system.invokeRoute("$disconnect", event)));
    expect(eventsOf("Channel Vacated", {})).toEqual([]);
    await bob.close();
    await once("Channel Vacated", { channel: "rooms/1" });
    await system.running.runSchedules();
    await (await system.connect({ credentials: "carl" })).subscribe("rooms/1");
    await system.invoked(
      () => eventsOf("Channel Occupied", { channel: "rooms/1" }).length === 2,
      "that it is occupied again",
    );
    expect(eventsOf("Agent Connected", { agent })).toHaveLength(1);
    expect(eventsOf("Agent Disconnected", { agent })).toHaveLength(1);
    expect(eventsOf("Channel Vacated", { channel: "rooms/1" })).toHaveLength(1);
    expect(eventsOf("Channel Occupied", { channel: "plain" })).toEqual([]);
  });

  it("is nothing of who was denied", async () => {
    const before = eventsOf("Agent Connected", {}).length;
    const denied = await system.connect({ credentials: "nobody" });
    const { connectionId } = (await system.rows())
      .filter(({ k }) => k === "denied")
      .map(({ pk }) => ({ connectionId: (pk ?? "").slice(2) }))[0]!;
    await denied.close();
    await system.disconnected(connectionId);
    expect([eventsOf("Agent Connected", {}).length, eventsOf("Agent Disconnected", { connectionId }).length]).toEqual([
      before,
      0,
    ]);
  });
});
