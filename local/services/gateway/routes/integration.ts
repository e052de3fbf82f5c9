import type { InvokeResult, Invoker } from "../../../core/invoker.js";
import type { RouteModel } from "../../../assembly/model/api.js";

/** The result of a route's integration: the function's result, or a timeout of the integration. */
export type IntegrationResult = InvokeResult | { ok: false; kind: "integrationTimeout"; message: string };

/**
 * Runs a route's function and waits for its result, up to the integration's timeout. A slower function is not stopped:
 * Lambda runs it until its own timeout, and its result is dropped. Never rejects.
 * @param longest the longest integration timeout, in milliseconds
 */
export const invokeIntegration = (
  invoker: Invoker,
  route: RouteModel,
  event: object,
  longest: number,
): Promise<IntegrationResult> =>
  new Promise((resolve) => {
    const ms = Math.min(route.timeoutMs ?? longest, longest);
    const message = `The integration of ${route.routeKey} took longer than ${ms} ms.`;
    const timer = setTimeout(() => resolve({ ok: false, kind: "integrationTimeout", message }), ms).unref();
    void invoker.invoke(route.functionId, event).then((result) => {
      clearTimeout(timer);
      resolve(result);
    });
  });
