// The arrows of the code: which folder may import which. CONTRIBUTING.md draws them.

/** The functions' domain: no file of it imports AWS. */
const DOMAIN = "^lambdas/(?!(aws|routes|workers)/)";

/** What a function's adapters import, and its domain does not. */
const AWS_PACKAGES = "node_modules/(@aws-sdk|@aws-crypto|@smithy|aws-lambda|aws4)/";

/** Everything that is published, or bundled with what is published. */
const PRODUCT = "^(protocol|client|server|lambdas|infra|local|create)/";

const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    rule(
      "no-rings",
      "Files import each other in a ring. Move what both need, often a type, to a file that both import.",
      {},
      { circular: true },
    ),
    rule(
      "protocol-imports-nothing",
      "protocol/ is what both sides share. It imports nothing outside of itself.",
      { path: "^protocol/" },
      { pathNot: "^protocol/" },
    ),
    rule(
      "client-imports-protocol",
      "The client SDK imports protocol/ and has no dependencies.",
      { path: "^client/src/", pathNot: "^client/src/(react|vue|svelte)/" },
      { pathNot: "^(client/src|protocol)/" },
    ),
    rule(
      "sdk-without-components",
      "Who does not import a binding pays nothing for it: the SDK imports neither the stores nor a binding.",
      { path: "^client/src/", pathNot: "^client/src/(stores|views|react|vue|svelte)/" },
      { path: "^client/src/(stores|views|react|vue|svelte)/" },
    ),
    rule(
      "applications-without-the-fake",
      "The fake of push-it-client/testing imports the SDK. Nothing that an application loads imports the fake.",
      { path: "^client/src/", pathNot: "^client/src/testing/" },
      { path: "^client/src/testing/" },
    ),
    rule(
      "stores-without-frameworks",
      "The stores are for every framework. Each binding imports the stores, its framework and no other binding.",
      { path: "^client/src/stores/" },
      { path: "^client/src/(views|react|vue|svelte)/" },
    ),
    rule(
      "react-imports-react",
      "The binding for React imports the SDK, the stores and React.",
      { path: "^client/src/react/" },
      { pathNot: "^(client/src/(?!(vue|svelte|views)/)|protocol/|node_modules/(react|@types/react)/)" },
    ),
    rule(
      "vue-imports-vue",
      "The binding for Vue imports the SDK, the stores and Vue.",
      { path: "^client/src/vue/" },
      { pathNot: "^(client/src/(?!(react|svelte|views)/)|protocol/|node_modules/(vue|@vue)/)" },
    ),
    rule(
      "svelte-imports-svelte",
      "The binding for Svelte imports the SDK, the stores and Svelte.",
      { path: "^client/src/svelte/" },
      { pathNot: "^(client/src/(?!(react|vue|views)/)|protocol/|node_modules/svelte/)" },
    ),
    rule(
      "views-import-no-framework",
      "The views are for frameworks without a binding.",
      { path: "^client/src/views/" },
      { path: "^client/src/(react|vue|svelte)/" },
    ),
    rule(
      "server-imports-guards",
      "The server package imports protocol/ and the code that guards run with, `secret` included.",
      { path: "^server/" },
      { path: "^(client|infra|local|lambdas/(?!guards/|aws/lambda/secret.ts))" },
    ),
    rule(
      "lambdas-import-protocol",
      "The functions import protocol/. They know neither the construct, nor the emulator, nor the SDK.",
      { path: "^lambdas/" },
      { path: "^(client|server|infra|local)/" },
    ),
    rule(
      "domain-without-aws",
      "The domain takes AWS as ports (lambdas/ports.ts). Its adapters are in lambdas/aws/.",
      { path: DOMAIN },
      { path: ["^lambdas/(aws|routes|workers)/", AWS_PACKAGES] },
    ),
    rule(
      "aws-without-routes",
      "The adapters serve the routes and workers, and import none of them.",
      { path: "^lambdas/aws/" },
      { path: "^lambdas/(routes|workers)/" },
    ),
    rule(
      "entry-points-stand-alone",
      "A route or worker is the entry point of one bundle. What two of them need is in the domain.",
      { path: "^lambdas/(routes|workers)/" },
      { path: "^lambdas/(routes|workers)/" },
    ),
    rule(
      "infra-imports-lambdas",
      "The construct imports protocol/ and lambdas/.",
      { path: "^infra/" },
      { path: "^(client|server|local)/" },
    ),
    rule(
      "services-stand-alone",
      "A service of the emulator imports local/core/ and the assembly's model. local/dev/ connects the services.",
      { path: "^local/services/([^/]+)/" },
      { path: "^local/", pathNot: ["^local/core/", "^local/assembly/model", "^local/services/$1/"] },
    ),
    rule(
      "core-is-below",
      "local/core/ is below everything else in local/.",
      { path: "^local/core/" },
      {
        path: "^local/",
        pathNot: "^local/core/",
      },
    ),
    rule(
      "create-stands-alone",
      "The command that creates projects writes files, and imports nothing of ours.",
      { path: "^create/" },
      { path: "^(protocol|client|server|lambdas|infra|local)/" },
    ),
    rule(
      "product-without-tools",
      "Nothing that is published imports what checks, builds or shows it.",
      { path: PRODUCT },
      { path: "^(tools|test|scripts|examples)/" },
    ),
    rule(
      "tools-for-tests-alone",
      "Only tools and tests import tools.",
      { pathNot: "^(tools|test)/" },
      { path: "^tools/" },
    ),
    rule(
      "tools-without-each-other",
      "A tool imports tools/lib/, and no other tool.",
      { path: "^tools/([^/]+)/" },
      { path: "^tools/", pathNot: ["^tools/lib/", "^tools/$1/"] },
    ),
    rule(
      "no-missing-files",
      "The import leads nowhere.",
      { pathNot: "^test/" },
      { couldNotResolve: true, pathNot: "^(next|server-only)(/|$)" },
    ),
  ],
  options: {
    // Types count as well: what a reader has to open does not depend on what the compiler leaves.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
