import { startDynamoDbLocal } from "./dynamodb-local.js";
import { startEmbedded } from "./embedded.js";
import { connectToEndpoint } from "./endpoint.js";
import type { DynamoDb, EngineContext } from "./engine.js";

/**
 * Starts the chosen DynamoDB engine.
 * @param choice `embedded`, `local` (Amazon's DynamoDB Local), or an endpoint's URL
 * @throws UserError if the engine cannot be started or reached
 */
export const startEngine = (choice: string, context: EngineContext): Promise<DynamoDb> => {
  if (choice === "embedded") return startEmbedded();
  return choice === "local" ? startDynamoDbLocal(context) : connectToEndpoint(choice, context.signers);
};
