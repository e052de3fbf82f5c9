import { loadAwsServiceSpecSync } from "@aws-cdk/aws-service-spec";
import type { Property, PropertyType, Resource as Schema, SpecDatabase } from "@aws-cdk/service-spec-types";
import {
  ATTRIBUTES,
  COMPUTED,
  ENUMS,
  ENVIRONMENT_BYTES,
  PSEUDO_PARAMETERS,
  ROLE_POLICY_CHARACTERS,
  TEMPLATE,
} from "./rules.js";
import { type CfnTemplate, circlesIn, isIntrinsic, isObject, needsOf, type Path, type Resource } from "./template.js";

let loaded: SpecDatabase | undefined;
const database = (): SpecDatabase => (loaded ??= loadAwsServiceSpecSync());

/** The problems of a template by CloudFormation's own schemas and the rules of this folder. */
export const faultsOf = (template: CfnTemplate): string[] => [
  ...Object.entries(template.Resources).flatMap(([id, resource]) => resourceFaults(id, resource)),
  ...referenceFaults(template),
  ...circlesIn(template).map((circle) => `circular: ${circle}`),
  ...sizeFaults(template),
];

const schemaOf = (type: string): Schema | undefined =>
  database().lookup("resource", "cloudFormationType", "equals", type)[0];

const resourceFaults = (id: string, resource: Resource): string[] => {
  const schema = schemaOf(resource.Type);
  if (!schema) return [`${id}: there is no type ${resource.Type}`];
  const attributes = Object.entries(resource).flatMap(([name, value]) => {
    if (!(name in ATTRIBUTES)) return [`${id}: a resource has no ${name}`];
    return (ATTRIBUTES[name]?.includes(String(value)) ?? true)
      ? []
      : [`${id}.${name}: ${String(value)} is not possible`];
  });
  return [
    ...attributes,
    ...objectFaults(resource.Properties ?? {}, schema.properties, { path: id, place: resource.Type }),
  ];
};

/** The place of a value, and of its property in the schema. */
interface At {
  path: Path;
  place: string;
}

const objectFaults = (
  value: Record<string, unknown>,
  properties: Record<string, Property>,
  { path, place }: At,
): string[] => {
  const missing = Object.entries(properties).filter(([name, { required }]) => required && value[name] === undefined);
  return [
    ...missing.map(([name]) => `${path}: ${name} is required`),
    ...Object.entries(value).flatMap(([name, inner]) => {
      const property = properties[name];
      if (!property) return [`${path}: there is no property ${name}`];
      return valueFaults(inner, property.type, { path: `${path}.${name}`, place: `${place}.${name}` });
    }),
  ];
};

const valueFaults = (value: unknown, type: PropertyType, at: At): string[] => {
  if (isIntrinsic(value)) return [];
  const wrong = (expected: string): string[] => [
    `${at.path}: ${JSON.stringify(value)?.slice(0, 80)} is not ${expected}`,
  ];
  switch (type.type) {
    case "string":
    case "date-time":
      return typeof value === "string" ? enumFaults(value, at) : wrong("a string");
    case "integer":
      return Number.isInteger(value) ? enumFaults(value, at) : wrong("an integer");
    case "number":
      return typeof value === "number" ? enumFaults(value, at) : wrong("a number");
    case "boolean":
      return typeof value === "boolean" ? [] : wrong("a boolean");
    case "json":
      return isObject(value) || Array.isArray(value) || typeof value === "string" ? [] : wrong("JSON");
    case "null":
      return value === null ? [] : wrong("null");
    case "tag":
      return isObject(value) && typeof value["Key"] === "string" && "Value" in value ? [] : wrong("a tag");
    case "array":
      return Array.isArray(value)
        ? value.flatMap((each, index) => valueFaults(each, type.element, { ...at, path: `${at.path}[${index}]` }))
        : wrong("an array");
    case "map":
      return isObject(value)
        ? Object.entries(value).flatMap(([key, each]) =>
            valueFaults(each, type.element, { path: `${at.path}.${key}`, place: `${at.place}.*` }),
          )
        : wrong("an object");
    case "ref":
      return isObject(value)
        ? objectFaults(value, database().get("typeDefinition", type.reference.$ref).properties, at)
        : wrong("an object");
    case "union": {
      // JSON accepts any value. Next to a type with contents, it is only the older schema's form.
      const precise = type.types.some((one) => ["array", "map", "ref"].includes(one.type))
        ? type.types.filter((one) => one.type !== "json")
        : [];
      const each = (precise.length > 0 ? precise : type.types).map((one) => valueFaults(value, one, at));
      return each.some(({ length }) => length === 0) ? [] : (each.sort((a, b) => a.length - b.length)[0] ?? []);
    }
  }
};

const enumFaults = (value: unknown, { path, place }: At): string[] => {
  const possible = ENUMS[place];
  return !possible || possible.includes(value)
    ? []
    : [`${path}: ${String(value)} is not one of ${possible.join(", ")}`];
};

const referenceFaults = ({ Resources, Parameters = {} }: CfnTemplate): string[] =>
  Object.entries(Resources)
    .flatMap(([id, resource]) => needsOf(id, resource))
    .flatMap(({ path, target, attribute }) => {
      const resource = Resources[target];
      if (!resource)
        return target in Parameters || PSEUDO_PARAMETERS.includes(target) ? [] : [`${path}: there is no ${target}`];
      const known = attribute === undefined || attribute in (schemaOf(resource.Type)?.attributes ?? {});
      return known ? [] : [`${path}: ${resource.Type} has no attribute ${attribute}`];
    });

const sizeFaults = (template: CfnTemplate): string[] => {
  const resources = Object.entries(template.Resources);
  const bytes = Buffer.byteLength(JSON.stringify(template));
  const environments = resources.flatMap(([id, { Type, Properties }]) => {
    if (Type !== "AWS::Lambda::Function" || !isObject(Properties?.["Environment"])) return [];
    const size = Buffer.byteLength(measured(Properties["Environment"]["Variables"]));
    return size <= ENVIRONMENT_BYTES ? [] : [`${id}: its environment has ${size} bytes`];
  });
  const policies = [...policiesByRole(template)].map(([role, texts]): [string, number] => [
    role,
    texts.join("").replace(/\s/g, "").length,
  ]);
  return [
    ...(resources.length <= TEMPLATE.resources ? [] : [`the template has ${resources.length} resources`]),
    ...(bytes <= TEMPLATE.bytes ? [] : [`the template has ${bytes} bytes`]),
    ...environments,
    ...policies
      .filter(([, size]) => size > ROLE_POLICY_CHARACTERS)
      .map(([role, size]) => `${role}: its policies have ${size} characters`),
  ];
};

const policiesByRole = ({ Resources }: CfnTemplate): Map<string, string[]> => {
  const byRole = new Map<string, string[]>();
  for (const { Type, Properties = {} } of Object.values(Resources)) {
    if (Type !== "AWS::IAM::Policy") continue;
    for (const role of Properties["Roles"] as { Ref: string }[]) {
      byRole.set(role.Ref, [...(byRole.get(role.Ref) ?? []), measured(Properties["PolicyDocument"])]);
    }
  }
  return byRole;
};

/** JSON text with computed values as long as they can become. */
const measured = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => (isIntrinsic(inner) ? lengthened(inner) : inner));

const lengthened = (value: unknown): string => {
  const join = (value as { "Fn::Join"?: [string, unknown[]] })["Fn::Join"];
  if (!join)
    return "Ref" in (value as object) && PSEUDO_PARAMETERS.includes(String((value as { Ref: string }).Ref))
      ? COMPUTED.slice(0, 18)
      : COMPUTED;
  return join[1].map((part) => (typeof part === "string" ? part : lengthened(part))).join(join[0]);
};
