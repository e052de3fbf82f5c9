import type { StackTemplate } from "./releases.js";

type Resources = StackTemplate["Resources"];

/** Logical ids that a part of a template refers to. */
const referencesOf = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(referencesOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]): string[] => {
    if (key === "Ref" || key === "DependsOn") return [inner as string | string[]].flat();
    if (key === "Fn::GetAtt") return [String((inner as unknown[])[0])];
    if (key === "Fn::Sub")
      return [...JSON.stringify(inner).matchAll(/\$\{([A-Za-z0-9]+)/g)]
        .map(([, id]) => id!)
        .concat(referencesOf(inner));
    return referencesOf(inner);
  });
};

const changedIds = (from: Resources, to: Resources): string[] =>
  Object.keys(to).filter((id) => JSON.stringify(from[id]) !== JSON.stringify(to[id]));

/**
 * One order in which CloudFormation may change the resources of a stack: what a resource refers to, or depends on, comes
 * before it. All else is by chance.
 */
const orderOf = (
  { Resources: from }: StackTemplate,
  { Resources: to }: StackTemplate,
  random: () => number,
): string[] => {
  const waiting = new Set(changedIds(from, to));
  const order: string[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting].filter((id) => !referencesOf(to[id]).some((each) => each !== id && waiting.has(each)));
    const next = ready[Math.floor(random() * ready.length)];
    if (next === undefined) throw new Error(`these refer to each other: ${[...waiting].join(", ")}`);
    waiting.delete(next);
    order.push(next);
  }
  return order;
};

/** A stack on its way: what has been changed by then, and the template as it is. */
export interface Step {
  changed: string[];
  template: StackTemplate;
}

/**
 * An update, step by step, in such an order. What goes is removed last, as CloudFormation does.
 * @param most how many steps at most, before the last one
 */
export const stepsOf = (from: StackTemplate, to: StackTemplate, random: () => number, most: number): Step[] => {
  const order = orderOf(from, to, random);
  const size = Math.max(1, Math.ceil(order.length / most));
  const resources = { ...from.Resources };
  const steps: Step[] = [];
  for (let at = 0; at < order.length; at += size) {
    const changed = order.slice(at, at + size);
    for (const id of changed) resources[id] = to.Resources[id]!;
    steps.push({ changed, template: { ...from, ...to, Resources: { ...resources } } });
  }
  const removed = Object.keys(from.Resources).filter((id) => to.Resources[id] === undefined);
  return removed.length > 0 ? [...steps, { changed: removed, template: to }] : steps;
};
