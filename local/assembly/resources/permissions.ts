import type { FunctionModel } from "../model/functions.js";
import type { ResourcePermission } from "../../core/authorization/resource-permission.js";
import { Refused, type Properties, type ResourceReader } from "./reader.js";

/** Services whose permission is not checked: the API runs its own functions. */
const NOT_ASKED = new Set(["apigateway.amazonaws.com"]);

/** The functions' resource policies: every `AWS::Lambda::Permission` of the stack. */
export const readPermissions = (reader: ResourceReader, functions: FunctionModel[]): ResourcePermission[] => {
  const ids = new Map(functions.flatMap(({ logicalId, name }) => namesOf(reader, logicalId, name)));
  return reader.each(["AWS::Lambda::Permission"], (_, properties): ResourcePermission | undefined => {
    const principal = properties.text("Principal");
    if (NOT_ASKED.has(principal)) return undefined;
    const functionId = ids.get(properties.text("FunctionName"));
    if (functionId === undefined) throw new Refused("its function is not run here", "inert");
    return { functionId, principal, action: properties.text("Action"), ...conditionsOf(properties) };
  });
};

const namesOf = (reader: ResourceReader, logicalId: string, name: string): [string, string][] => [
  [name, logicalId],
  [String(reader.scope.lookup(logicalId, "Arn")), logicalId],
];

const conditionsOf = (properties: Properties): Omit<ResourcePermission, "functionId" | "principal" | "action"> => {
  const [sourceArn, authType] = ["SourceArn", "FunctionUrlAuthType"].map((name) => properties.get(name));
  const sourceAccount = properties.get("SourceAccount") as string | number | undefined;
  const unknown = properties.get("PrincipalOrgID") ?? properties.get("EventSourceToken");
  const viaUrl = [true, "true"].includes(properties.get("InvokedViaFunctionUrl") as string | boolean);
  return {
    ...(typeof sourceArn === "string" && { sourceArn }),
    ...(sourceAccount !== undefined && { sourceAccount: String(sourceAccount) }),
    ...(typeof authType === "string" && { authType }),
    ...((unknown !== undefined || viaUrl) && { conditional: unknown !== undefined ? "unknown" : "url" }),
  };
};
