import { join } from "node:path";
import ts from "typescript";

const ROOT = join(__dirname, "../..");

/**
 * The TypeScript program that begins with a file, with the options of this project. It skips the doc comments of
 * packages: the CDK's take a third of the time, and tests read only those of this project.
 */
export const programOf = (entry: string, more: ts.CompilerOptions = {}): ts.Program => {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile) as { config: object };
  const options = { ...ts.parseJsonConfigFileContent(config, ts.sys, ROOT).options, ...more };
  const host = ts.createCompilerHost(options);
  const getSourceFile: typeof host.getSourceFile = (file, target) => {
    const text = host.readFile(file);
    const isPackage = file.includes("/node_modules/");
    const jsDocParsingMode = isPackage ? ts.JSDocParsingMode.ParseNone : ts.JSDocParsingMode.ParseAll;
    const settings = typeof target === "object" ? target : { languageVersion: target };
    return text === undefined ? undefined : ts.createSourceFile(file, text, { ...settings, jsDocParsingMode });
  };
  return ts.createProgram([entry], options, { ...host, getSourceFile });
};
