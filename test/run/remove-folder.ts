import { rmSync } from "node:fs";

/** Removes the folder that the suites of this run have shared. */
export default (): void => {
  rmSync(process.env["PUSH_IT_RUN_FOLDER"]!, { recursive: true, force: true });
};
