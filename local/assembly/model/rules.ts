/** One rule that runs functions when an event matches. */
export interface RuleModel {
  logicalId: string;
  name: string;
  arn: string;
  /** The name of its bus. */
  bus: string;
  /** The event pattern as the template writes it. */
  pattern: unknown;
  targets: RuleTarget[];
}

/** A function that a rule runs. */
export interface RuleTarget {
  /** The target's id within its rule. */
  id: string;
  functionId: string;
  /** What the function gets: the event, where the template says nothing. */
  input: InputProperties;
}

/** What a target's input is made from: at most one of these, as a template writes them. */
export interface InputProperties {
  Input?: unknown;
  InputPath?: unknown;
  InputTransformer?: unknown;
}

/** The bus that AWS services put their events on, and whoever names none. */
export const DEFAULT_BUS = "default";

/** A bus's name, by its name or its ARN. */
export const busName = (bus: string): string => bus.replace(/^arn:.*:event-bus\//, "");
