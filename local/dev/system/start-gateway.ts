import { messageOf, UserError } from "../../core/user-error.js";
import { type Gateway, type GatewayOptions, startGateway } from "../../services/gateway/gateway.js";
import { connectionsAuthorizer } from "../../services/gateway/management/permission.js";
import { infoOf, meterInfo } from "../pages/info.js";
import { pages } from "../pages/pages.js";
import { postedEvents } from "../pages/posted-events.js";
import { isStarter } from "../app/source.js";
import { QUOTA_PROFILES } from "./quotas.js";
import type { Services, ServicesContext } from "./start-services.js";

/**
 * Starts the WebSocket API of a run, with the console page on the same port.
 * @param emit puts an event on the default bus
 * @throws UserError if the API cannot be served
 */
export const startWebSocketApi = async (
  context: ServicesContext,
  { permissions, runtime, dynamodb }: Services,
  emit: (event: unknown) => string[],
): Promise<Gateway> => {
  const { options, credentials, meter, ports, current } = context;
  const { dist, log, faults = {}, quotas } = options;
  const info = () =>
    infoOf(current().model, { ...options, starter: isStarter(options) }, dynamodb.engine, gateway.websocketUrl);
  const fallback = pages({ dist, info, events: postedEvents(emit), meter: meter && (() => meterInfo(meter)) });
  const gateway = await start({
    api: current().model.api,
    invoker: runtime,
    port: 0,
    server: ports.server("gateway"),
    host: ports.addresses.local,
    shownHost: ports.addresses.shown,
    limits: { ...(quotas && QUOTA_PROFILES[quotas].gateway), ...options.limits },
    log,
    fallback,
    secretFor: (accessKeyId) => credentials.secretFor(accessKeyId),
    authorize: connectionsAuthorizer(credentials, permissions, () => current().model.api.apiId),
    faults,
    meter,
  });
  return gateway;
};

const start = async (options: GatewayOptions): Promise<Gateway> => {
  try {
    return await startGateway(options);
  } catch (error) {
    throw new UserError(`The WebSocket API cannot be served: ${messageOf(error)}`);
  }
};
