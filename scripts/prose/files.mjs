// The files that the check reads: the files of the repository, without built and downloaded ones.
import { execFileSync } from "node:child_process";

export const isCode = (file) => /\.(?:[cm]?[jt]s|tsx|jsx)$/.test(file);

const isPage = (file) => file.endsWith(".md");

/** The files below some paths that git knows or would add, in order. */
export const filesBelow = (root, paths) => {
  const options = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", ...paths];
  const files = execFileSync("git", options, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });
  return files.split("\0").filter((file) => isCode(file) || isPage(file));
};

/** A changelog up to the end of its first section: older ones are not rewritten. */
export const newestSection = (changelog) => changelog.split(/^(?=## )/m, 2).join("");
