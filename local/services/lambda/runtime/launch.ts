import type { FunctionModel } from "../../../assembly/model/functions.js";

/** The built programs that run functions, by language: absolute paths. */
export interface Bootstraps {
  /** `dist/bootstrap.mjs`. */
  node: string;
  /** `dist/bootstrap.py`. */
  python: string;
}

/** The command that starts a function's process. */
export interface Launch {
  command: string;
  args: string[];
}

/** Share of a function's memory that its heap may take, as Lambda's Node runtimes set it. */
const HEAP_SHARE = 0.9;

/** Found on the `PATH`, because this package does not include Python. */
const PYTHON = "python3";

const NODE = /^nodejs\d+\.x$/;
const PYTHON_3 = /^python3\.\d+$/;

/** Whether functions of a runtime, such as `python3.14`, can run locally. */
export const isRunnable = (runtime: string): boolean => NODE.test(runtime) || PYTHON_3.test(runtime);

/** The file that Lambda puts inline code of a runtime into. */
export const inlineFile = (runtime: string): string => (PYTHON_3.test(runtime) ? "index.py" : "index.js");

/** The command that starts a function's process. It writes nothing to the code's folder, which is read-only in AWS. */
export const launchOf = ({ runtime, memoryMb }: FunctionModel, bootstraps: Bootstraps): Launch =>
  PYTHON_3.test(runtime)
    ? { command: PYTHON, args: ["-B", bootstraps.python] }
    : {
        command: process.execPath,
        args: [`--max-old-space-size=${Math.floor(memoryMb * HEAP_SHARE)}`, bootstraps.node],
      };
