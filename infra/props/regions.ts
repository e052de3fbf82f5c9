import { Stack, Token } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import { validationError } from "./validation-error.js";
import { lacksFunctionUrls } from "./region-sets.js";

/** The Region that a construct is deployed to, if it is known at synthesis. */
export const regionOf = (scope: IConstruct): string | undefined => {
  const { region } = Stack.of(scope);
  return Token.isUnresolved(region) ? undefined : region;
};

/** Throws if the Region is known, and has no Lambda function URLs. */
export const requireFunctionUrls = (scope: IConstruct): void => {
  const region = regionOf(scope);
  if (region === undefined || !lacksFunctionUrls(region)) return;
  throw validationError(
    scope,
    `publishUrl: ${region} has no Lambda function URLs. Leave publishUrl out, and let the back end invoke the function: ` +
      "use grantPublish, and a Publisher with functionName",
  );
};
