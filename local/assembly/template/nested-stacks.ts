import { createHash } from "node:crypto";
import type { Resource, Template } from "./template.js";

/** CloudFormation's name of nested stacks. */
const NESTED_STACK = "AWS::CloudFormation::Stack";

/** The metadata in which the CDK writes the file of a nested stack's template. */
const PATH_OF_ASSET = "aws:asset:path";

/** Reads a template of the assembly by its file name. */
export type ReadTemplate = (file: string) => Template;

/** How the names of one template are written in the merged template. */
interface Names {
  /** The replacement of a `Ref`; `undefined`: the name stays. */
  ref(name: string): unknown;
  /** The replacement of an `Fn::GetAtt`; `undefined`: only the resource's name is replaced. */
  attribute(resource: string, attribute: string): unknown;
  resource(name: string): string;
  /** A condition or a mapping. */
  definition(name: string): string;
}

/**
 * Merges all nested stacks into one template. Parameters are replaced by the parent's values, and `Outputs` by their
 * values. A resource keeps its logical id, unless the parent has the same one: then the nested stack's id is its
 * prefix.
 * @param stackName the parent's name, with which `AWS::StackName` of nested stacks begins
 */
export const inlineNestedStacks = (template: Template, stackName: string, read: ReadTemplate): Template => {
  if (!Object.values(template.Resources ?? {}).some(fileOf)) return template;
  const whole: Required<Pick<Template, "Resources" | "Conditions" | "Mappings">> = {
    Resources: {},
    Conditions: {},
    Mappings: {},
  };
  const outputs = flatten(template, { whole, read, stackName, prefix: "" }, {});
  return { ...template, ...whole, Outputs: outputs };
};

interface Context {
  whole: Required<Pick<Template, "Resources" | "Conditions" | "Mappings">>;
  read: ReadTemplate;
  stackName: string;
  /** Empty for the parent. */
  prefix: string;
  /** The condition of the nested stack itself, by its name in the whole. */
  condition?: string;
}

/** Adds a template's parts to the merged template, and returns its outputs with the merged names. */
const flatten = (
  template: Template,
  context: Context,
  parameters: Record<string, unknown>,
): NonNullable<Template["Outputs"]> => {
  const { whole, read, stackName, prefix } = context;
  const all = Object.entries(template.Resources ?? {});
  const ids = new Map(all.map(([id]) => [id, prefix !== "" && whole.Resources[id] ? `${prefix}${id}` : id]));
  const nested = new Map<string, NonNullable<Template["Outputs"]>>();
  const names: Names = {
    resource: (name) => ids.get(name) ?? name,
    definition: (name) => `${prefix}${name}`,
    ref(name) {
      if (prefix !== "" && Object.hasOwn(template.Parameters ?? {}, name))
        return parameterOf(template, name, parameters);
      if (prefix !== "" && name === "AWS::StackName") return stackName;
      return nestedOf(name) ? stackIdOf(`${stackName}-${name}`) : undefined;
    },
    attribute(resource, attribute) {
      const outputs = nestedOf(resource);
      return outputs && outputs[attribute.replace(/^Outputs\./, "")]?.Value;
    },
  };
  const renamed = (value: unknown): unknown => rename(value, names);
  for (const [name, value] of Object.entries(template.Conditions ?? {}))
    whole.Conditions[`${prefix}${name}`] = renamed(value);
  for (const [name, value] of Object.entries(template.Mappings ?? {})) whole.Mappings[`${prefix}${name}`] = value;

  // Logical ids are assigned before nested stacks are added, so that the parent keeps its own. Nested stacks may use
  // each other's outputs in any order, so each is read on first use.
  const stacks = new Map(all.filter(([, resource]) => fileOf(resource) !== undefined));
  for (const [id, resource] of all) if (!stacks.has(id)) whole.Resources[ids.get(id)!] = resource;
  const nestedOf = (id: string): NonNullable<Template["Outputs"]> | undefined => {
    const resource = stacks.get(id);
    const known = nested.get(id);
    if (!resource || known) return known;
    // Parameters are resolved lazily, too: a nested stack may take an output of another one.
    nested.set(id, {});
    const { Parameters: given = {} } = (resource.Properties ?? {}) as { Parameters?: Record<string, unknown> };
    const own = conditionOf(resource, names, context);
    const inner: Context = {
      whole,
      read,
      stackName: `${stackName}-${id}`,
      prefix: ids.get(id)!,
      ...(own !== undefined && { condition: own }),
    };
    const outputs = flatten(read(fileOf(resource)!), inner, renamed(given) as Record<string, unknown>);
    nested.set(id, outputs);
    return outputs;
  };
  for (const id of stacks.keys()) nestedOf(id);
  for (const [id, resource] of all) {
    if (stacks.has(id)) continue;
    const condition = conditionOf(resource, names, context);
    const { Condition: _, ...rest } = resource;
    whole.Resources[ids.get(id)!] = {
      ...(renamed(rest) as Resource),
      ...(condition !== undefined && { Condition: condition }),
    };
  }
  return renamed(template.Outputs ?? {}) as NonNullable<Template["Outputs"]>;
};

const fileOf = ({ Type: type, Metadata: metadata }: Resource): string | undefined => {
  const file = type === NESTED_STACK ? metadata?.[PATH_OF_ASSET] : undefined;
  return typeof file === "string" ? file : undefined;
};

const parameterOf = (
  { Parameters: definitions = {} }: Template,
  name: string,
  given: Record<string, unknown>,
): unknown => {
  const { Type: type, Default: initial } = definitions[name]!;
  const value = Object.hasOwn(given, name) ? given[name] : initial;
  if (value === undefined) return undefined;
  return type.startsWith("List<") || type === "CommaDelimitedList" ? { "Fn::Split": [",", value] } : value;
};

/** A resource is there if its own condition holds, and that of its nested stack. */
const conditionOf = (
  { Condition: own }: Resource,
  names: Names,
  { condition: outer, whole }: Context,
): string | undefined => {
  const inner = own === undefined ? undefined : names.definition(own);
  if (inner === undefined || outer === undefined) return inner ?? outer;
  const both = `${outer}&${inner}`;
  whole.Conditions[both] = { "Fn::And": [{ Condition: outer }, { Condition: inner }] };
  return both;
};

/** The `Ref` of a nested stack. No other part uses it. */
const stackIdOf = (name: string): string =>
  `arn:aws:cloudformation:us-east-1:123456789012:stack/${name}/${createHash("sha256").update(name).digest("hex").slice(0, 12)}`;

/** A value of a template, with the names that intrinsic functions use replaced. */
const rename = (value: unknown, names: Names): unknown => {
  if (Array.isArray(value)) return value.map((each) => rename(each, names));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value) as [string, unknown][];
  const [key, argument] = entries[0] ?? ["", undefined];
  const intrinsic = entries.length === 1 ? INTRINSICS[key] : undefined;
  const said = intrinsic?.(argument, names);
  return said ?? Object.fromEntries(entries.map(([name, each]) => [name, rename(each, names)]));
};

/** The replacement by intrinsic function. `undefined`: only the argument is renamed. */
const INTRINSICS: Record<string, (argument: unknown, names: Names) => unknown> = {
  Ref: (name, names) => (typeof name === "string" ? (names.ref(name) ?? { Ref: names.resource(name) }) : undefined),
  Condition: (name, names) => (typeof name === "string" ? { Condition: names.definition(name) } : undefined),
  "Fn::GetAtt": (argument, names) => {
    const [resource, ...rest] = typeof argument === "string" ? argument.split(".") : (argument as unknown[]);
    const attribute = rest.length === 1 ? rest[0] : rest.join(".");
    const value = typeof attribute === "string" ? names.attribute(String(resource), attribute) : undefined;
    return value ?? { "Fn::GetAtt": [names.resource(String(resource)), rename(attribute, names)] };
  },
  "Fn::If": (argument, names) => {
    const [name, ...values] = argument as unknown[];
    return { "Fn::If": [names.definition(String(name)), ...values.map((each) => rename(each, names))] };
  },
  "Fn::FindInMap": (argument, names) => {
    const [name, ...keys] = argument as unknown[];
    return {
      "Fn::FindInMap": [
        typeof name === "string" ? names.definition(name) : rename(name, names),
        ...keys.map((each) => rename(each, names)),
      ],
    };
  },
  "Fn::Sub": (argument, names) => {
    const [pattern, given = {}] = Array.isArray(argument) ? (argument as unknown[]) : [argument];
    const own = given as Record<string, unknown>;
    const variables = rename(own, names) as Record<string, unknown>;
    const text = String(pattern).replace(/\$\{([^!}][^}]*)\}/g, (whole, raw: string) => {
      const name = raw.trim();
      if (Object.hasOwn(own, name)) return whole;
      const [resource, ...attribute] = name.split(".");
      const value = attribute.length > 0 ? names.attribute(resource!, attribute.join(".")) : names.ref(name);
      if (value === undefined) return `\${${[names.resource(resource!), ...attribute].join(".")}}`;
      variables[raw] = value;
      return whole;
    });
    return { "Fn::Sub": [text, variables] };
  },
};
