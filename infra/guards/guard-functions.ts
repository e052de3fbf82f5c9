import { Annotations, type Duration, Token } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { DEFAULT_ENTRY, type HandlerName, manifestError } from "../../protocol/guard-manifest.js";
import type { GuardTimeouts } from "../../protocol/index.js";
import { having, record, struct } from "../props/checks/rules.js";
import { validationError } from "../props/validation-error.js";
import { regionOf } from "../props/regions.js";

/** Functions that guard channels: each is invoked as docs/GUARDS.md says. */
export interface ChannelGuardFunctions {
  /**
   * Decides subscriptions.
   *
   * @default - the less specific guard, or everyone may
   */
  readonly onSubscriptionRequest?: lambda.IFunction;
  /**
   * Decides publications.
   *
   * @default - the less specific guard, or everyone may
   */
  readonly onPublicationRequest?: lambda.IFunction;
  /**
   * Decides about a message for each recipient. One request has up to 100 recipients.
   *
   * @default - the less specific guard, or everyone gets it as it is
   */
  readonly onMessageReceived?: lambda.IFunction;
  /**
   * Decides unsubscriptions.
   *
   * @default - the less specific guard, or everyone may
   */
  readonly onUnsubscriptionRequest?: lambda.IFunction;
  /**
   * Decides the state of a member, on channels with `presence: { state: true }`.
   *
   * @default - the less specific guard, or else `onPublicationRequest` decides as about a publication of the state
   */
  readonly onPresenceRequest?: lambda.IFunction;
}

/** Functions that are guards. One function can be several guards: the request names the guard. */
export interface GuardFunctions extends ChannelGuardFunctions {
  /**
   * Decides connections.
   *
   * @default - everyone may
   */
  readonly onConnectionRequest?: lambda.IFunction;
  /**
   * Is notified, asynchronously, when an agent has left.
   *
   * @default - no function is notified
   */
  readonly onDisconnect?: lambda.IFunction;
  /**
   * Guards by channel (`private/5`) or [pattern](PROTOCOL.md#patterns) (`private/*`; a middle segment may be `*` too),
   * the most specific first.
   *
   * @default - none
   */
  readonly channels?: { [pattern: string]: ChannelGuardFunctions };
}

const guardFunction = having<lambda.IFunction>("functionArn", "a Lambda function");

const channelGuards = {
  onSubscriptionRequest: guardFunction,
  onPublicationRequest: guardFunction,
  onMessageReceived: guardFunction,
  onUnsubscriptionRequest: guardFunction,
  onPresenceRequest: guardFunction,
};

/** `manifestFault` says why the guards of a whole connection cannot be those of a channel. */
const channelGuardFunctions = struct<ChannelGuardFunctions>(channelGuards, {
  names: ["onConnectionRequest", "onDisconnect"],
});

/** Checks functions that are guards. */
export const guardFunctionProps = struct<GuardFunctions>({
  ...channelGuards,
  onConnectionRequest: guardFunction,
  onDisconnect: guardFunction,
  channels: record("an object with guard functions by pattern", channelGuardFunctions),
});

/** Guard functions by entry (`DEFAULT_ENTRY`, a channel or a pattern) and handler. */
export type GuardFunctionMap = ReadonlyMap<string, ReadonlyMap<HandlerName, lambda.IFunction>>;

/** The functions that decide about any of these. */
export const functionsAsked = (
  functions: GuardFunctionMap = new Map(),
  handlers: readonly HandlerName[],
): lambda.IFunction[] =>
  [...functions.values()].flatMap((byHandler) => handlers.flatMap((handler) => byHandler.get(handler) ?? []));

/** The path of a guard function in the props, for error texts. */
const propertyPath = (entry: string, handler: HandlerName): string =>
  entry === DEFAULT_ENTRY ? handler : `channels["${entry}"].${handler}`;

/** The functions by their places. Throws if a pattern is not one, or if there is no function at all. */
export const guardFunctionMap = (scope: Construct, { channels = {}, ...guards }: GuardFunctions): GuardFunctionMap => {
  if (DEFAULT_ENTRY in channels)
    throw validationError(scope, 'guards: channels: the key "" is not a valid channel pattern');
  const found = [[DEFAULT_ENTRY, guards] as const, ...Object.entries(channels)].map(
    ([entry, handlers]) => [entry, handlersOf(handlers)] as const,
  );
  const fault = manifestError(Object.fromEntries(found.map(([entry, handlers]) => [entry, [...handlers.keys()]])));
  if (fault) throw validationError(scope, `guards: channels: ${fault}`);
  const empty = found.find(([entry, handlers]) => entry !== DEFAULT_ENTRY && handlers.size === 0);
  if (empty) throw validationError(scope, `guards: channels["${empty[0]}"] names no function`);
  const functions = new Map(found.filter(([, handlers]) => handlers.size > 0));
  if (functions.size === 0) throw validationError(scope, "guards: Guards.fromLambda names no function");
  for (const [entry, byHandler] of functions) {
    for (const [handler, guard] of byHandler) requireSameRegion(scope, guard, propertyPath(entry, handler));
  }
  return functions;
};

/** Throws if a guard function is certainly in another Region: functions are invoked in their caller's own. */
const requireSameRegion = (scope: Construct, guard: lambda.IFunction, place: string): void => {
  const [own, other] = [regionOf(scope), guard.env.region];
  if (own === undefined || Token.isUnresolved(other) || other === own) return;
  throw validationError(
    scope,
    `guards: the function for ${place} is in ${other}, but this Push-It is in ${own}, where it would not be found; deploy the function to ${own}`,
  );
};

const handlersOf = (guards: ChannelGuardFunctions): Map<HandlerName, lambda.IFunction> =>
  new Map(Object.entries(guards).filter((each): each is [HandlerName, lambda.IFunction] => each[1] !== undefined));

/** Merges maps of guard functions. Throws if two functions have the same place. */
export const combinedFunctions = (scope: Construct, maps: readonly GuardFunctionMap[]): GuardFunctionMap => {
  const combined = new Map<string, Map<HandlerName, lambda.IFunction>>();
  for (const [entry, handlers] of maps.flatMap((map) => [...map])) {
    const known = combined.get(entry) ?? new Map<HandlerName, lambda.IFunction>();
    combined.set(entry, known);
    for (const [handler, guard] of handlers) {
      if (known.has(handler))
        throw validationError(scope, `guards: two functions are given for ${propertyPath(entry, handler)}`);
      known.set(handler, guard);
    }
  }
  return combined;
};

/**
 * The handlers that a function may ask. If a presence guard decides about every channel, no publication guard
 * decides about a state in its place.
 */
const askedHandlers = (functions: GuardFunctionMap, handlers: readonly HandlerName[]): readonly HandlerName[] =>
  handlers.includes("onPresenceRequest") && functions.get(DEFAULT_ENTRY)?.has("onPresenceRequest")
    ? handlers.filter((handler) => handler !== "onPublicationRequest")
    : handlers;

/** The ARNs of the functions that are asked as these handlers, by entry and handler. */
const arnsOf = (
  functions: GuardFunctionMap,
  handlers: readonly HandlerName[],
): Record<string, Record<string, string>> => {
  const needed = askedHandlers(functions, handlers);
  const asked = [...functions].map(([entry, guards]): [string, Record<string, string>] => [
    entry,
    Object.fromEntries(
      [...guards]
        .filter(([handler]) => needed.includes(handler))
        .map(([handler, { functionArn }]) => [handler, functionArn]),
    ),
  ]);
  return Object.fromEntries(asked.filter(([, guards]) => Object.keys(guards).length > 0));
};

/**
 * The environment of a function that calls these handlers: the ARNs of the guard functions, or nothing if there are
 * none.
 */
export const functionEnvironment = (
  functions: GuardFunctionMap,
  handlers: readonly HandlerName[],
): { [name: string]: string } => {
  const arns = arnsOf(functions, handlers);
  return Object.keys(arns).length === 0 ? {} : { PUSH_IT_GUARD_FUNCTIONS: JSON.stringify(arns) };
};

/** Lets a role invoke the guard functions that are asked as these handlers, and no version or alias besides. */
export const grantFunctions = (role: iam.Role, functions: GuardFunctionMap, handlers: readonly HandlerName[]): void => {
  const resources = [...new Set(Object.values(arnsOf(functions, handlers)).flatMap((guards) => Object.values(guards)))];
  if (resources.length > 0)
    role.addToPolicy(new iam.PolicyStatement({ actions: ["lambda:InvokeFunction"], resources }));
};

/** The timeouts that were set here, in seconds: a later Push-It with the same function may need more. */
const fitted = new WeakMap<lambda.Function, number>();

/**
 * Sets the timeout of guard functions of the app that have none, to the guard's timeout. The user may set a shorter
 * timeout. If the user's timeout is longer, the caller does not wait for the rest, and synthesis warns.
 */
export const clampTimeouts = (scope: Construct, functions: GuardFunctionMap, timeouts: GuardTimeouts): void => {
  const needs = new Map<lambda.IFunction, { seconds: number; waited: boolean; place: string }>();
  for (const [entry, handlers] of functions) {
    for (const [handler, guard] of handlers) {
      const known = needs.get(guard);
      const seconds = Math.max(1, Math.ceil(timeouts[handler] / 1_000));
      const longest = !known || seconds > known.seconds ? { seconds, place: propertyPath(entry, handler) } : known;
      needs.set(guard, { ...longest, waited: (known?.waited ?? true) && handler !== "onDisconnect" });
    }
  }
  for (const [guard, need] of needs) {
    const target = guard instanceof lambda.Alias || guard instanceof lambda.Version ? guard.lambda : guard;
    if (target instanceof lambda.Function) fitTimeout(scope, target, need);
  }
};

const fitTimeout = (
  scope: Construct,
  guard: lambda.Function,
  { seconds, waited, place }: { seconds: number; waited: boolean; place: string },
): void => {
  const resource = guard.node.defaultChild as lambda.CfnFunction;
  const before = fitted.get(guard);
  if (resource.timeout === undefined || resource.timeout === before) {
    resource.timeout = Math.max(seconds, before ?? 0);
    fitted.set(guard, resource.timeout);
  } else if (waited && isLonger(guard.timeout, seconds)) {
    Annotations.of(scope).addWarningV2(
      "push-it-aws:guardTimeout",
      `The guard function ${guard.node.path} may run longer than the ${seconds} s that its caller waits (${place}): ` +
        "you pay for the longer run, but its result is ignored. Leave its timeout out, or shorten it.",
    );
  }
};

const isLonger = (timeout: Duration | undefined, seconds: number): boolean =>
  timeout !== undefined && !timeout.isUnresolved() && timeout.toSeconds() > seconds;
