import type { Place } from "../../core/place.js";
import { readStatements } from "./policy-document.js";
import type { FoundConstruct } from "../template/construct.js";
import type { PublisherModel } from "../model/publisher.js";
import { functionArn, type FunctionModel } from "../model/functions.js";
import type { UserModel } from "../model/principals.js";
import type { FunctionUrlModel } from "../model/urls.js";
import { PATH_METADATA } from "../template/template.js";

/** The user's id: with a character that no logical id has, so that no resource of a template is called the same. */
const USER_ID = "push-it-cli/back-end";

/** How an application server on this machine publishes, and its IAM user. */
export interface ReadPublisher {
  publisher?: PublisherModel;
  users: UserModel[];
}

/**
 * Makes the IAM user of application servers that run outside the stack. Its policy has the grants of `grantPublish` and
 * `grantPublishUrl`: it may invoke the publisher function, also through its URL, and nothing else.
 */
export const readPublisher = (
  { path, stack }: FoundConstruct,
  functions: FunctionModel[],
  urls: FunctionUrlModel[],
  place: Place,
): ReadPublisher => {
  const pathOf = (logicalId: string) => stack.template.Resources?.[logicalId]?.Metadata?.[PATH_METADATA];
  const publisher = functions.find(({ logicalId }) => pathOf(logicalId) === `${path}/Publisher/Function/Resource`);
  if (!publisher) return { users: [] };
  const { logicalId: functionId, name: functionName } = publisher;
  const url = urls.find((each) => each.functionId === functionId);
  const user: UserModel = {
    logicalId: USER_ID,
    name: "push-it-cli-back-end",
    statements: readStatements(policyOf(functionArn(publisher, place)), (value) => value),
    doubts: [],
  };
  return {
    users: [user],
    publisher: { userId: USER_ID, functionId, functionName, ...(url && { urlId: url.logicalId }) },
  };
};

const policyOf = (arn: string): object => ({
  Statement: [
    { Effect: "Allow", Action: "lambda:InvokeFunction", Resource: arn },
    {
      Effect: "Allow",
      Action: "lambda:InvokeFunctionUrl",
      Resource: arn,
      Condition: { StringEquals: { "lambda:FunctionUrlAuthType": "AWS_IAM" } },
    },
  ],
});
