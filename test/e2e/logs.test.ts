import { TestSystem } from "./support/system.js";

/** What must be in no log: a token, what is published, and what a guard says of it. */
const PLANTED = ["planted-token", "planted-claim", "planted-data", "planted-reason", "planted-result"];

const GUARDS = `
  export default {
    onConnectionRequest(agent) {
      if (agent.credentials?.token !== "planted-token") return agent.connectionDenied("planted-reason");
      agent.credentials = "planted-claim";
      agent.connected();
    },
    onSubscriptionRequest: (channel, agent) =>
      channel.name === "no" ? agent.subscriptionDenied(channel, "planted-reason") : agent.subscribe(channel),
    onPublicationRequest(channel, agent, message) {
      if (channel.name === "no") return agent.publicationDenied(message, "planted-reason");
      if (channel.name === "never") return;
      channel.publish(message);
      agent.publicationSuccess(message, "planted-result");
      agent.publicationSuccess(message, "planted-result");
    },
    onMessageReceived: (channel, agent, message) => agent.deliver(channel, message),
  };
`;

test("no log above debug level holds credentials, messages, results or reasons", async () => {
  const system = await TestSystem.start({ guards: GUARDS });
  try {
    const agent = await system.connect({ credentials: { token: "planted-token" } });
    await agent.subscribe("yes");
    await agent.subscribe("no");
    await agent.publish("yes", "planted-data");
    await agent.publish("no", "planted-data");
    await agent.publish("never", "planted-data");
    agent.send({ action: "send", channel: "no", uuid: "s", data: "planted-data" });
    agent.send("planted-data, but no JSON");
    const denied = await system.connect({ credentials: { token: "wrong", also: "planted-token" } });
    await denied.subscribe("yes");
    await system.invoked((all) => all.some(({ event }) => JSON.stringify(event).includes('"routeKey":"send"')), "send");
    const written = system.logs.filter(({ level }) => level !== "debug").map(({ message }) => message);
    expect(written.some((message) => message.includes("guard_verdict_ignored"))).toBe(true);
    expect(written.some((message) => message.includes("guard_timeout"))).toBe(true);
    for (const secret of PLANTED) expect(written.filter((message) => message.includes(secret))).toEqual([]);
  } finally {
    await system.close();
  }
});
