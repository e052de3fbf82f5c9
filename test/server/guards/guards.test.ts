import { type Agent, guards } from "push-it-server/guards";

test("guards() types a module and does not change it", () => {
  const module = {
    onConnectionRequest(agent: Agent<{ user: string }>) {
      agent.connected({ info: agent.credentials.user });
    },
  };
  expect(guards<{ user: string }>(module)).toBe(module);
});

test("guards() rejects invalid guards at compile time", () => {
  // @ts-expect-error a guard must be a function
  guards({ onDisconnect: "later" });
  // @ts-expect-error connection guards are not per channel
  guards({ channels: { "a/*": { onConnectionRequest() {} } } });
  guards({
    // @ts-expect-error a subscription guard gets a token and no message
    onSubscriptionRequest(_channel, _agent, _token, _message) {},
  });
});
