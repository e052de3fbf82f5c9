import { invokeIntegration } from "../../../../local/services/gateway/routes/integration.js";
import type { InvokeResult } from "../../../../local/core/invoker.js";

const route = { routeKey: "publish", functionId: "F", answers: true };
const invoker = (invoke: () => Promise<InvokeResult>) => ({ invoke });

describe("integration", () => {
  it("leaves no timer behind", async () => {
    jest.useFakeTimers();
    await invokeIntegration(
      invoker(() => Promise.resolve({ ok: true, payload: null })),
      route,
      {},
      29_000,
    );
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it("passes on what the function returned", async () => {
    const result = { ok: true, payload: { statusCode: 200 } } as const;
    expect(
      await invokeIntegration(
        invoker(() => Promise.resolve(result)),
        route,
        {},
        29_000,
      ),
    ).toBe(result);
  });

  it("waits no longer than its timeout", async () => {
    const never = invoker(() => new Promise<InvokeResult>(() => undefined));
    expect(await invokeIntegration(never, { ...route, timeoutMs: 20 }, {}, 29_000)).toEqual({
      ok: false,
      kind: "integrationTimeout",
      message: "The integration of publish took longer than 20 ms.",
    });
  });

  it("never waits longer than the longest timeout there is", async () => {
    const never = invoker(() => new Promise<InvokeResult>(() => undefined));
    expect(await invokeIntegration(never, { ...route, timeoutMs: 60_000 }, {}, 20)).toMatchObject({
      kind: "integrationTimeout",
    });
  });
});
