import type { AsyncModel } from "../model/functions.js";
import { Refused, type Properties, type ResourceReader } from "./reader.js";

/** The only version of a function that exists locally. */
const NEWEST = "$LATEST";

/**
 * Reads the settings of asynchronous invocations in the construct's stack.
 * @param readers all readers of the stack's resources: they adopt the verdicts
 * @returns settings by the function's name
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
