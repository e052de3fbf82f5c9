import { UserError } from "../../../local/core/user-error.js";

/** Files that a process has open besides the connections: the other processes' pipes, DynamoDB's connections, modules. */
const OTHER_FILES = 500;

/** How many files a process of this user may open. Node raises its own limit as far as it may, when it starts. */
export const maxOpenFiles = (): number => {
  const report = process.report as { getReport(): unknown; excludeNetwork?: boolean };
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { hard?: number | string } } };
  const hard = Number(userLimits?.open_files?.hard ?? NaN);
  return Number.isNaN(hard) ? Infinity : hard;
};

/**
 * Makes sure that a process can hold so many connections.
 * @param limit how many files it may open
 * @throws UserError when it cannot, with the command that allows it
 */
export const assertFileLimit = (connections: number, limit = maxOpenFiles()): void => {
  const needed = connections + OTHER_FILES;
  if (limit >= needed) return;
  throw new UserError(
    `${connections} connections take ${needed} open files in one process, and this user may open ${limit}.`,
    `Allow them with "ulimit -n ${needed}" (as root, or in /etc/security/limits.conf), or ask for fewer: --connections ${Math.max(1, limit - OTHER_FILES)}.`,
  );
};
