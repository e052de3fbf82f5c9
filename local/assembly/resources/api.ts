import type { ApiModel, RouteModel, Throttle } from "../model/api.js";
import type { FunctionModel } from "../model/functions.js";
import { Refused, type Properties, type ResourceReader } from "./reader.js";

interface Stage {
  name: string;
  throttle?: Throttle;
  byRoute: Record<string, Throttle | undefined>;
}

interface Integration {
  functionId: string;
  timeoutMs?: number;
}

/** The construct's WebSocket API, with its stage, its routes and the functions behind them. */
export const readApi = (reader: ResourceReader, functions: FunctionModel[]): ApiModel => {
  const api = reader.requireOne(reader.each(["AWS::ApiGatewayV2::Api"], readApiResource(reader)), "WebSocket APIs");
  const stage = reader.requireOne(reader.each(["AWS::ApiGatewayV2::Stage"], readStage), "stages");
  const integrations = readIntegrations(reader, functions);
  const answering = new Set(reader.each(["AWS::ApiGatewayV2::RouteResponse"], (_, each) => each.text("RouteId")));
  const routes = reader.each(["AWS::ApiGatewayV2::Route"], (logicalId, properties): [string, RouteModel] => {
    if ((properties.get("AuthorizationType") ?? "NONE") !== "NONE") throw new Refused("authorizers are not known here");
    const routeKey = properties.text("RouteKey");
    const integration = integrations.get(properties.text("Target").replace("integrations/", ""));
    if (!integration) throw new Refused("its integration cannot be run");
    const throttle = stage.byRoute[routeKey];
    const answers = answering.has(String(reader.scope.lookup(logicalId)));
    return [routeKey, { routeKey, ...integration, answers, ...(throttle && { throttle }) }];
  });
  const { name, throttle } = stage;
  return { ...api, stage: name, routes: Object.fromEntries(routes), ...(throttle && { throttle }) };
};

const readApiResource = (reader: ResourceReader) => (logicalId: string, properties: Properties) => {
  if (properties.get("ProtocolType") !== "WEBSOCKET") throw new Refused("it is not a WebSocket API");
  return {
    logicalId,
    apiId: String(reader.scope.lookup(logicalId)),
    selectionExpression: properties.text("RouteSelectionExpression"),
  };
};

const readStage = (_: string, properties: Properties): Stage => {
  const throttle = throttleOf(properties.object("DefaultRouteSettings"));
  const byRoute = Object.entries(properties.object("RouteSettings"));
  return {
    name: properties.text("StageName"),
    ...(throttle && { throttle }),
    byRoute: Object.fromEntries(
      byRoute.map(([key, settings]) => [key, throttleOf(settings as Record<string, unknown>)]),
    ),
  };
};

const throttleOf = (settings: Record<string, unknown>): Throttle | undefined => {
  const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = settings;
  return rate === undefined || burst === undefined ? undefined : { rate: Number(rate), burst: Number(burst) };
};

/** By physical id. */
const readIntegrations = (reader: ResourceReader, functions: FunctionModel[]): Map<string, Integration> => {
  const byArn = new Map(functions.map(({ logicalId }) => [reader.scope.lookup(logicalId, "Arn"), logicalId]));
  const read = reader.each(["AWS::ApiGatewayV2::Integration"], (logicalId, properties): [string, Integration] => {
    if (properties.get("IntegrationType") !== "AWS_PROXY") throw new Refused("only Lambda proxy integrations are run");
    const [, arn] = /\/functions\/(.+)\/invocations$/.exec(properties.text("IntegrationUri")) ?? [];
    const functionId = byArn.get(arn);
    if (functionId === undefined) throw new Refused(`its function ${arn ?? ""} is not run here`);
    const timeoutMs = properties.number("TimeoutInMillis");
    return [String(reader.scope.lookup(logicalId)), { functionId, ...(timeoutMs !== undefined && { timeoutMs }) }];
  });
  return new Map(read);
};
