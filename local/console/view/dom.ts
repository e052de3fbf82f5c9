/** The properties of an element, without its children. */
export interface ElementOptions {
  class?: string;
  /** Set as text, never as markup: most of the shown data comes from unknown clients. */
  text?: string;
  /** `data-…` attributes. */
  data?: Record<string, string>;
  /** Any other attributes. */
  attributes?: Record<string, string>;
}

/** Makes an element. */
export const el = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  { class: name, text, data = {}, attributes = {} }: ElementOptions = {},
  ...children: Node[]
): HTMLElementTagNameMap[Tag] => {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  Object.assign(element.dataset, data);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children);
  return element;
};

/** A button that calls `pressed`. `label` is for buttons whose text is not clear on its own. */
export const button = (
  text: string,
  pressed: () => void,
  options: { label?: string; class?: string } = {},
): HTMLButtonElement => {
  const made = el("button", {
    text,
    ...(options.class ? { class: options.class } : {}),
    attributes: { type: "button", ...(options.label ? { "aria-label": options.label } : {}) },
  });
  made.addEventListener("click", pressed);
  return made;
};

/**
 * The page's element with this id.
 * @throws Error when the page has none of that kind
 */
export const byId = <Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind => {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`The page has no ${kind.name} #${id}.`);
  return element;
};

/** Shows or clears the error of a field, visibly and for screen readers. */
export const setProblem = (
  field: HTMLInputElement | HTMLTextAreaElement,
  message: HTMLElement,
  problem: string,
): void => {
  message.textContent = problem;
  if (problem) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
};

/** Puts a number on every badge of that name. */
export const setCount = (name: string, value: number): void => {
  for (const badge of document.querySelectorAll(`[data-count="${name}"]`)) badge.textContent = String(value);
};

/** A code for programs, as people see it. */
export const codeBadge = (code: string): HTMLElement => el("span", { class: "code", text: code });

/** A button that copies text, and confirms it. */
export const copyButton = (text: () => string, label: string): HTMLButtonElement => {
  const made = button("Copy", () => void copy(), { label, class: "quiet" });
  const copy = async (): Promise<void> => {
    const done = await navigator.clipboard.writeText(text()).then(
      () => "Copied",
      () => "Not allowed",
    );
    made.textContent = done;
    setTimeout(() => (made.textContent = "Copy"), 1_500);
  };
  return made;
};
