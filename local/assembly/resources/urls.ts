import type { CorsModel, FunctionUrlModel } from "../model/urls.js";
import type { FunctionModel } from "../model/functions.js";
import { functionUrlId } from "../template/physical-ids.js";
import { type Properties, Refused, type ResourceReader } from "./reader.js";

/** CloudFormation's name of function URLs. */
export const FUNCTION_URL = "AWS::Lambda::Url";

/** The function URLs of the stack whose functions run locally. */
export const readUrls = (reader: ResourceReader, functions: FunctionModel[]): FunctionUrlModel[] => {
  const byArn = new Map(functions.map(({ logicalId }) => [reader.scope.lookup(logicalId, "Arn"), logicalId]));
  const byName = new Map(functions.map(({ logicalId, name }) => [name, logicalId]));
  return reader.each([FUNCTION_URL], (logicalId, properties) => {
    const target = properties.text("TargetFunctionArn");
    if (properties.get("Qualifier") !== undefined) throw new Refused("aliases are not known here");
    if (properties.get("InvokeMode") === "RESPONSE_STREAM") throw new Refused("streamed responses are not known here");
    const functionId = byArn.get(target) ?? byName.get(target);
    if (functionId === undefined) throw new Refused(`its function ${target} is not run here`);
    const authType = properties.text("AuthType");
    if (authType !== "AWS_IAM" && authType !== "NONE") throw new Refused(`its AuthType ${authType} is not known here`);
    const cors = corsOf(properties);
    const urlId = functionUrlId({ stack: reader.stack.name, logicalId });
    const functionArn = String(reader.scope.lookup(functionId, "Arn"));
    return { logicalId, urlId, functionId, functionArn, authType, ...(cors && { cors }) };
  });
};

const corsOf = (properties: Properties): CorsModel | undefined => {
  if (properties.get("Cors") === undefined) return undefined;
  const cors = properties.object("Cors");
  const texts = (name: string): string[] => [cors[name] ?? []].flat().map(String);
  return {
    allowOrigins: texts("AllowOrigins"),
    allowMethods: texts("AllowMethods"),
    allowHeaders: texts("AllowHeaders"),
    exposeHeaders: texts("ExposeHeaders"),
    allowCredentials: String(cors["AllowCredentials"]) === "true",
    ...(cors["MaxAge"] !== undefined && { maxAgeSeconds: Number(cors["MaxAge"]) }),
  };
};
