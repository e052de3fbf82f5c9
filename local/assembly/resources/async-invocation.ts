import type { AsyncModel } from "../model/functions.js";
import { Refused, type Properties, type ResourceReader } from "./reader.js";

/** Only the newest version of a function exists here. */
const NEWEST = "$LATEST";

/**
 * What the construct's stack says of asynchronous invocations, wherever in the stack it does.
 * @param readers those of the stack's resources, which adopt what is decided
 * @returns by the function's name
 */
export const readAsync = (...readers: [ResourceReader, ...ResourceReader[]]): Map<string, AsyncModel> => {
  const whole = readers[0].ofStack();
  const configs = whole.each(["AWS::Lambda::EventInvokeConfig"], (_, properties): [string, AsyncModel] => {
    const qualifier = properties.text("Qualifier");
    if (qualifier !== NEWEST) throw new Refused(`it is about ${qualifier}, and only ${NEWEST} is run here`);
    return [properties.text("FunctionName").replace(/^.*:function:/, ""), configOf(properties)];
  });
  for (const reader of readers) reader.adopt(whole.verdicts);
  return new Map(configs);
};

const configOf = (properties: Properties): AsyncModel => {
  const retries = properties.number("MaximumRetryAttempts");
  const maxAgeSeconds = properties.number("MaximumEventAgeInSeconds");
  const { OnSuccess: success, OnFailure: failure } = properties.object("DestinationConfig");
  return {
    ...(retries !== undefined && { retries }),
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
    ...destination("onSuccess", success),
    ...destination("onFailure", failure),
  };
};

const destination = (name: "onSuccess" | "onFailure", value: unknown): Pick<AsyncModel, typeof name> => {
  const { Destination: arn } = (value ?? {}) as { Destination?: unknown };
  return typeof arn === "string" ? { [name]: arn } : {};
};
