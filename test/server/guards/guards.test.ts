import { type Agent, guards } from "push-it-server/guards";

test("guards() types a module and changes nothing about it", () => {
  const module = {
    onConnectionRequest(agent: Agent<{ user: string }>) {
      agent.connected({ info: agent.credentials.user });
    },
  };
  expect(guards<{ user: string }>(module)).toBe(module);
});

test("guards() refuses what is no guard at compile time", () => {
  // @ts-expect-error a guard must be a function
  guards({ onDisconnect: "later" });
  // @ts-expect-error connection guards are not per channel
  guards({ channels: { "a/*": { onConnectionRequest() {} } } });
  guards({
    // @ts-expect-error a subscription guard is given no message
    onSubscriptionRequest(_channel, _agent, _message) {},
  });
});
