/** A resource of a template, as CloudFormation reads it. */
export interface Resource {
  Type: string;
  Properties?: Record<string, unknown>;
  DependsOn?: string | string[];
  [attribute: string]: unknown;
}

/** A template, as CloudFormation reads it. */
export interface CfnTemplate {
  Resources: Record<string, Resource>;
  Parameters?: Record<string, unknown>;
}

/** Where something is in a template, for people. */
export type Path = string;

/** What a template refers to, and from where. */
export interface Reference {
  path: Path;
  target: string;
  attribute?: string;
}

/** Whether a value is an object. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether CloudFormation computes a value: then only the references in it can be judged. */
export const isIntrinsic = (value: unknown): boolean => {
  if (!isObject(value)) return false;
  const [key, ...more] = Object.keys(value);
  return key !== undefined && more.length === 0 && (key === "Ref" || key.startsWith("Fn::"));
};

/** All references in a value. */
const referencesIn = (value: unknown, path: Path): Reference[] => {
  if (Array.isArray(value)) return value.flatMap((each, at) => referencesIn(each, `${path}[${at}]`));
  if (!isObject(value)) return [];
  if (isIntrinsic(value)) {
    if (typeof value["Ref"] === "string") return [{ path, target: value["Ref"] }];
    const attribute = value["Fn::GetAtt"];
    if (Array.isArray(attribute)) return [{ path, target: String(attribute[0]), attribute: String(attribute[1]) }];
  }
  return Object.entries(value).flatMap(([key, inner]) => referencesIn(inner, `${path}.${key}`));
};

/** What a resource needs to be there first: what it refers to, and what it says with DependsOn. */
export const needsOf = (id: string, { Properties, DependsOn = [] }: Resource): Reference[] => [
  ...referencesIn(Properties, id),
  ...[DependsOn].flat().map((target): Reference => ({ path: `${id}.DependsOn`, target })),
];

/** Resources that need each other in a circle, as `A -> B -> A`. */
export const circlesIn = ({ Resources }: CfnTemplate): string[] => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (id: string, way: readonly string[]): void => {
    if (way.includes(id)) return void circles.push([...way.slice(way.indexOf(id)), id].join(" -> "));
    const resource = Resources[id];
    if (done.has(id) || !resource) return;
    for (const { target } of needsOf(id, resource)) visit(target, [...way, id]);
    done.add(id);
  };
  for (const id of Object.keys(Resources)) visit(id, []);
  return circles;
};
