import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { compile } from "svelte/compiler";
import ts from "typescript";
import { compileScript, parse } from "vue/compiler-sfc";
import { type View, messagesView } from "push-it-client/views";
import { Bench, settled } from "../support/setup.js";

const ROOT = join(__dirname, "../../..");

/** A block of code of a page: its heading, language, the name in its first line, and its text. */
interface Block {
  heading: string;
  language: string;
  name: string;
  text: string;
}

const blocksOf = (page: string): Block[] => {
  const text = readFileSync(join(ROOT, "docs", page), "utf8");
  return text.split(/^## /m).flatMap((section) =>
    [...section.matchAll(/^```(\w+)\n(?:(?:\/\/|<!--) (\S+\.\w+)(?: -->)?\n)?(.*?)^```/gms)]
      .map(([, language, name, block]) => ({
        heading: /^.*/.exec(section)![0],
        language: language!,
        name: name ?? `example.${language}`,
        text: block!,
      }))
      .filter(({ language }) => language !== "sh"),
  );
};

/** The errors of TypeScript in files that are in memory only, with this repository's packages. */
const errorsIn = (files: Record<string, string>, options: ts.CompilerOptions = {}): string[] => {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), (path) => readFileSync(path, "utf8")) as {
    config: object;
  };
  const parsed = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, ROOT).options;
  const all = { ...parsed, types: [], ...options };
  const host = ts.createCompilerHost(all);
  const texts = new Map(Object.entries(files).map(([name, text]) => [join(ROOT, "docs/recipes", name), text]));
  const { fileExists, readFile } = host;
  // Resolution skips folders that do not exist.
  host.directoryExists = undefined;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  host.getSourceFile = (path, version) => {
    const text = host.readFile(path);
    return text === undefined ? undefined : ts.createSourceFile(path, text, version);
  };
  const program = ts.createProgram([...texts.keys()], all, host);
  return [...texts.keys()]
    .flatMap((path) => {
      const file = program.getSourceFile(path);
      return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    })
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
};

const filesOf = (blocks: Block[]): Record<string, string> =>
  Object.fromEntries(blocks.map(({ name, text }) => [name, text]));

describe("docs/FRAMEWORKS.md", () => {
  const blocks = blocksOf("FRAMEWORKS.md");
  const of = (heading: string): Block[] => blocks.filter((block) => block.heading === heading);

  it("has recipes of fewer than 20 lines", () => {
    const lines = ["Angular", "Solid"].map((heading) => of(heading)[0]!.text.trim().split("\n").length);
    expect(Math.max(...lines)).toBeLessThan(20);
  });

  it("has code for Angular that compiles", () => {
    expect(errorsIn(filesOf(of("Angular")))).toEqual([]);
  });

  it("has code for Solid that compiles", () => {
    const client = 'import type { PushIt } from "push-it-client"; export declare const pushIt: PushIt;';
    const options = { jsx: ts.JsxEmit.Preserve, jsxImportSource: "solid-js" };
    expect(errorsIn({ ...filesOf(of("Solid")), "client.ts": client }, options)).toEqual([]);
  });

  it("has code without a framework that compiles", () => {
    expect(errorsIn(filesOf(of("Without a framework")))).toEqual([]);
  });

  it("is checked with the real packages", () => {
    const [recipe, component] = of("Angular") as [Block, Block];
    const wrong = { ...component, text: component.text.replace("fromView(this.view)", "fromView(5)") };
    expect(errorsIn(filesOf([recipe, wrong]))).toEqual([expect.stringMatching(/'number'.* parameter of type 'Signal/)]);
  });
});

describe("docs/VUE.md", () => {
  it("has code that compiles", () => {
    const files = blocksOf("VUE.md").map(({ language, name, text }): [string, string] => {
      if (language === "ts") return [name, text];
      const { descriptor, errors } = parse(text);
      expect(errors).toEqual([]);
      return [`${name}.ts`, compileScript(descriptor, { id: name, inlineTemplate: true }).content];
    });
    const component = 'declare module "*.vue" { const component: import("vue").Component; export default component; }';
    // The compiled template has parameters without types.
    const errors = errorsIn({ ...Object.fromEntries(files), "vue.d.ts": component }, { noImplicitAny: false });
    expect(errors).toEqual([]);
  });
});

describe("docs/SVELTE.md", () => {
  it("has code that compiles without a warning", () => {
    const files = blocksOf("SVELTE.md").map(({ name, text }): [string, string] => {
      const { warnings } = compile(text, { filename: name, generate: "client" });
      expect(warnings).toEqual([]);
      return [name.replace("svelte", "ts"), /<script lang="ts">(.*?)<\/script>/s.exec(text)![1]!];
    });
    expect(errorsIn(Object.fromEntries(files), { types: ["svelte"] })).toEqual([]);
  });
});

describe("the recipe for Solid", () => {
  // The modules of a page. Node would load those of a server.
  jest.mock("solid-js", () => jest.requireActual<object>("../../../node_modules/solid-js/dist/solid.cjs"));
  const bench = Bench.use();

  it("shows messages, follows a name, and ends with its owner", async () => {
    bench.server.automatic = true;
    const { pushIt, peer } = await bench.connected();
    const solid = jest.requireMock<typeof import("solid-js")>("solid-js");
    const [{ text }] = blocksOf("FRAMEWORKS.md").filter(({ heading }) => heading === "Solid") as [Block];
    const { code } = transformSync(text, { loader: "ts", format: "cjs" });
    const module = { exports: {} as { fromView<Value>(view: () => View<Value>): () => Value } };
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const run = new Function("require", "module", code) as (load: unknown, module: object) => void;
    run(createRequire(__filename), module);

    const [name, setName] = solid.createSignal("a");
    const seen: string[] = [];
    const dispose = solid.createRoot((end) => {
      const room = module.exports.fromView(solid.createMemo(() => messagesView(pushIt, name(), { last: 0 })));
      solid.createEffect(() => seen.push(`${room().status} ${room().messages.length}`));
      return end;
    });
    const until = async (value: string): Promise<void> => {
      while (seen.at(-1) !== value) await settled();
    };
    await until("subscribed 0");
    peer.send({ channel: "a", uuid: "u1", data: 1 });
    await until("subscribed 1");
    setName("b");
    expect(seen.at(-1)).toBe("subscribing 0");
    await until("subscribed 0");
    dispose();
    peer.send({ channel: "b", uuid: "u2", data: 2 });
    for (let turn = 0; turn < 10; turn += 1) await settled();
    expect(seen.at(-1)).toBe("subscribed 0");
  });
});
