import "../client/bindings/document.js";
import { version } from "react";
import { react } from "../client/react/support/mount.js";
import { bindingTests } from "./support/binding.js";

describe(`the hooks of React ${version}, on the local system`, () => bindingTests(react));
