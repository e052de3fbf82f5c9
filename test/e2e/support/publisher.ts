import { LambdaClient } from "@aws-sdk/client-lambda";
import { Publisher } from "push-it-server/publisher";
import type { TestSystem } from "./system.js";

/** The credentials of a role of the stack, by the beginning of its id. */
export const credentialsOf = ({ running }: TestSystem, role: string) =>
  running.credentialsOf(running.model.roles.find(({ logicalId }) => logicalId.startsWith(role))?.logicalId ?? role);

/** The name of the function by which a back end publishes. */
export const publisherName = ({ running }: TestSystem): string =>
  running.model.functions.find(({ logicalId }) => logicalId.startsWith("PushItPublisher"))!.name;

/** A publisher with a role's credentials. */
export const publisherOf = (system: TestSystem, role: string, functionName = publisherName(system)): Publisher =>
  new Publisher({
    functionName,
    client: new LambdaClient({
      endpoint: system.running.endpoints["AWS_ENDPOINT_URL_LAMBDA"],
      region: "us-east-1",
      credentials: credentialsOf(system, role),
    }),
  });
