/** The steps of a quick start. */
export type Step =
  | { readonly kind: "file"; readonly name: string; readonly text: string }
  /** Commands that end by themselves. */
  | { readonly kind: "run"; readonly commands: readonly string[] }
  /** A command that runs until it is interrupted. Commands before it in its block end by themselves. */
  | { readonly kind: "serve"; readonly command: string };

/** A mark, and the block of code behind it. */
const MARKED = /<!-- (?:(file): (\S+)|(run|serve)) -->\n```\w+\n([^]*?)```/g;

/**
 * The steps of a quick start, in the order of the page. Blocks without a mark are for readers alone.
 * @param page its Markdown
 */
export const stepsOf = (page: string): Step[] =>
  [...page.matchAll(MARKED)].flatMap(([, , name, kind, text = ""]): Step[] => {
    if (name !== undefined) return [{ kind: "file", name, text }];
    const commands = text.trim().split("\n");
    if (kind === "run") return [{ kind, commands }];
    const before = commands.slice(0, -1);
    const served: Step = { kind: "serve", command: commands.at(-1)! };
    return before.length > 0 ? [{ kind: "run", commands: before }, served] : [served];
  });
