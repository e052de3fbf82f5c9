import { join } from "node:path";
import ts from "typescript";
import { programOf } from "./program.js";

/*
 * The exports of infra should be available through jsii, so that other languages can follow without breaking users.
 * They are structs of readonly properties, classes and enums. They have no unions, functions as values or type
 * parameters.
 */

const root = join(__dirname, "../..");
const entry = join(root, "infra/index.ts");
const program = programOf(entry);
const options = program.getCompilerOptions();
const checker = program.getTypeChecker();

const resolved = (symbol: ts.Symbol) =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!).map(resolved);
const declarationOf = (symbol: ts.Symbol) => symbol.declarations![0]!;
const isOurs = (declaration: ts.Node) => declaration.getSourceFile().fileName.startsWith(join(root, "infra"));
const isInternal = (symbol: ts.Symbol) => symbol.getJsDocTags().some(({ name }) => name === "internal");

const isPublic = (symbol: ts.Symbol) => {
  const flags = ts.getCombinedModifierFlags(declarationOf(symbol));
  return !(flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) && !isInternal(symbol);
};

/** The reason why a type is not available in other languages, or `undefined`. */
const problemOf = (type: ts.Type): string | undefined => {
  const bare = checker.getNonNullableType(type);
  if (bare.flags & (ts.TypeFlags.BooleanLike | ts.TypeFlags.EnumLike | ts.TypeFlags.Void)) return undefined;
  if (bare.isUnion() || bare.isIntersection()) return `${checker.typeToString(bare)} is a union`;
  if (bare.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return "any";
  if (checker.getSignaturesOfType(bare, ts.SignatureKind.Call).length > 0) return "a function";
  if (checker.isArrayType(bare)) return problemOf(checker.getTypeArguments(bare as ts.TypeReference)[0]!);
  const values = checker.getIndexInfoOfType(bare, ts.IndexKind.String);
  if (values) return problemOf(values.type);
  const isAnonymous = bare.symbol !== undefined && Boolean(bare.symbol.flags & ts.SymbolFlags.TypeLiteral);
  return isAnonymous ? "a type without a name" : undefined;
};

/** In other languages, a union is a value of any type. Each needs a reason: here, `true` was there before the options. */
const UNIONS = new Map([["ChannelOptions.presence", ["boolean | PresenceOptions is a union"]]]);

/** Every property and method that users see, `Class.member`. */
const members = exported
  .filter((symbol) => symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class))
  .flatMap((symbol) => {
    const own = [...(symbol.members?.values() ?? []), ...(symbol.exports?.values() ?? [])];
    return own
      .filter(
        (member) =>
          member.name !== "prototype" && member.declarations && isOurs(declarationOf(member)) && isPublic(member),
      )
      .map((member) => [`${symbol.name}.${member.name}`, member] as const);
  });

const structs = members.filter(([, member]) => ts.isPropertySignature(declarationOf(member)));

describe("the exports of infra", () => {
  test("are all here", () => {
    expect(exported.map(({ name }) => name).sort()).toEqual([
      "AccessLogOptions",
      "AccessLogs",
      "ChannelGuardFunctions",
      "ChannelOptions",
      "Denials",
      "FanOutQueue",
      "FanOutQueueProps",
      "FunctionConcurrency",
      "GuardBundlingOptions",
      "GuardFunctions",
      "GuardModuleProps",
      "GuardTimeouts",
      "Guards",
      "HistoryOptions",
      "Limits",
      "PresenceOptions",
      "PublishTargetProps",
      "PushIt",
      "PushItFunctions",
      "PushItProps",
      "PushItStack",
      "PushItStackProps",
      "RouteThrottling",
    ]);
    expect(structs.length).toBeGreaterThan(60);
  });

  test("are classes, enums and structs only", () => {
    const kinds = ts.SymbolFlags.Class | ts.SymbolFlags.Interface | ts.SymbolFlags.RegularEnum;
    expect(exported.filter(({ flags }) => !(flags & kinds)).map(({ name }) => name)).toEqual([]);
  });

  test.each(exported.map((symbol) => [symbol.name, symbol] as const))("have a doc comment: %s", (_name, symbol) => {
    expect(ts.displayPartsToString(symbol.getDocumentationComment(checker))).not.toBe("");
  });
});

describe("a property", () => {
  test.each(structs)("%s is readonly and has a doc comment with its default", (_name, member) => {
    const declaration = declarationOf(member) as ts.PropertySignature;
    expect(ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Readonly).toBeTruthy();
    expect(ts.displayPartsToString(member.getDocumentationComment(checker))).not.toBe("");
    const hasDefault = member.getJsDocTags(checker).some(({ name, text }) => name === "default" && text?.length);
    expect([_name, hasDefault]).toEqual([_name, declaration.questionToken !== undefined]);
  });
});

describe("a type", () => {
  test.each(members)("of %s is available in other languages", (_name, member) => {
    const declaration = declarationOf(member);
    const type = checker.getTypeOfSymbolAtLocation(member, declaration);
    const signatures =
      member.flags & (ts.SymbolFlags.Method | ts.SymbolFlags.Constructor) ? type.getCallSignatures() : [];
    const types = ts.isConstructorDeclaration(declaration)
      ? declaration.parameters.map((parameter) => checker.getTypeAtLocation(parameter))
      : signatures.length > 0
        ? signatures.flatMap((signature) => [
            signature.getReturnType(),
            ...signature.parameters.map((parameter) => checker.getTypeOfSymbolAtLocation(parameter, declaration)),
          ])
        : [type];
    expect(types.map(problemOf).filter(Boolean)).toEqual(UNIONS.get(_name) ?? []);
  });

  test("with a union, a function or no name is found", () => {
    const file = ts.createSourceFile("x.ts", "", ts.ScriptTarget.ES2022);
    const source = "export interface X { a: string | number; b: () => void; c: { d: 1 }; e?: boolean; f: string[] }";
    const host = ts.createCompilerHost(options);
    const read = host.getSourceFile.bind(host);
    host.getSourceFile = (name, ...rest) =>
      name === file.fileName ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022) : read(name, ...rest);
    const small = ts.createProgram([file.fileName], { ...options, types: [] }, host);
    const its = small.getTypeChecker();
    const [x] = its.getExportsOfModule(its.getSymbolAtLocation(small.getSourceFile(file.fileName)!)!);
    const problems = its
      .getDeclaredTypeOfSymbol(x!)
      .getProperties()
      .map((member) => problemOf(its.getTypeOfSymbol(member)));
    expect(problems).toEqual([
      "string | number is a union",
      "a function",
      "a type without a name",
      undefined,
      undefined,
    ]);
  });
});
