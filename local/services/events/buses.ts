import type { Place } from "../../core/place.js";
import type { Log } from "../../core/log.js";
import type { ResourcePermission } from "../../core/authorization/resource-permission.js";
import { type RuleModel, type RuleTarget, DEFAULT_BUS } from "../../assembly/model/rules.js";
import { mayInvoke } from "../../core/authorization/resource-policy.js";
import { type BusEvent, isoSeconds } from "./event.js";
import { InputError, type InputFacts, type MakeInput, readInput } from "./input/input.js";
import { type EventPattern, readPattern } from "./pattern/pattern.js";

/** Options of the event buses. */
export interface EventsOptions {
  place: Place;
  /** Hands an event to a function, as Lambda's queue for asynchronous invocations takes it. */
  invokeAsync: (functionId: string, event: unknown) => void;
  log: Log;
  /** Epoch milliseconds. @default Date.now */
  now?: () => number;
}

/** The buses, rules and permissions of a template. */
export interface EventsModel {
  rules: RuleModel[];
  /** Names of the template's buses; the default bus is always there. */
  buses: string[];
  permissions: ResourcePermission[];
}

interface Rule {
  model: RuleModel;
  matches: EventPattern;
  targets: { target: RuleTarget; makeInput: MakeInput }[];
}

const SERVICE = "events.amazonaws.com";

/** The event buses of a template, and the rules on them. */
export class EventBuses {
  #rules: Rule[] = [];
  #model: EventsModel = { rules: [], buses: [], permissions: [] };

  constructor(private readonly options: EventsOptions) {}

  /** Replaces the rules and buses. */
  set(model: EventsModel): void {
    this.#model = model;
    this.#rules = model.rules.map((rule) => ({
      model: rule,
      matches: readPattern(rule.pattern),
      targets: rule.targets.map((target) => ({ target, makeInput: readInput(target.input) })),
    }));
  }

  /** Whether there is such a bus. */
  has(bus: string): boolean {
    return bus === DEFAULT_BUS || this.#model.buses.includes(bus);
  }

  /**
   * Puts an event on a bus: every rule that matches hands it to its targets.
   * @returns logical ids of the rules that matched
   */
  put(bus: string, event: BusEvent): string[] {
    const matching = this.#rules.filter(({ model, matches }) => model.bus === bus && matches(event));
    for (const rule of matching) this.#run(rule, event);
    return matching.map(({ model }) => model.logicalId);
  }

  #run({ model, targets }: Rule, event: BusEvent): void {
    const { now = Date.now, invokeAsync } = this.options;
    const facts = { ruleArn: model.arn, ruleName: model.name, ingestionTime: isoSeconds(now()) };
    for (const { target, makeInput } of targets) {
      if (!this.#permitted(model, target)) {
        this.#lost(
          model,
          target,
          `${target.functionId} has no AWS::Lambda::Permission for ${SERVICE} and ${model.arn}`,
        );
        continue;
      }
      const made = inputFrom(makeInput, event, facts);
      if ("problem" in made) this.#lost(model, target, made.problem);
      else invokeAsync(target.functionId, made.input);
    }
  }

  #permitted({ arn }: RuleModel, { functionId }: RuleTarget): boolean {
    const { permissions } = this.#model;
    return mayInvoke(permissions, { functionId, service: SERVICE, sourceArn: arn }, this.options.place);
  }

  #lost({ logicalId }: RuleModel, { functionId, id }: RuleTarget, why: string): void {
    const message = `${logicalId} could not run ${functionId} (target ${id}): ${why}.`;
    this.options.log({ level: "error", source: "events", message });
  }
}

const inputFrom = (make: MakeInput, event: BusEvent, facts: InputFacts): { input: unknown } | { problem: string } => {
  try {
    return { input: make(event, facts) };
  } catch (error) {
    if (error instanceof InputError) return { problem: error.message };
    throw error;
  }
};
