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
  /** How the function's input is made. @default the event itself */
  input: InputProperties;
}

/** The properties that a target's input is made from: at most one of these, as a template writes them. */
export interface InputProperties {
  Input?: unknown;
  InputPath?: unknown;
  InputTransformer?: unknown;
}

/** The bus of events from AWS services, and of entries that name no bus. */
export const DEFAULT_BUS = "default";

/** A bus's name, by its name or its ARN. */
export const busName = (bus: string): string => bus.replace(/^arn:.*:event-bus\//, "");
