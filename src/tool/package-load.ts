import { FlowsteadError } from "../base/error/error.ts";
import { pyRepr } from "../base/value.ts";
import type { PrepareContext } from "../flow/tool.ts";
import type { PackageSignature } from "../python/message.ts";

/** Loads a tool of an installed package. @throws FlowsteadError `PackageToolNotFoundError`, which lists the ones there are. */
export async function loadPackage(id: string, context: PrepareContext): Promise<PackageSignature> {
  const { wanted = [id], known = [] } = context.packageTools ?? {};
  try {
    return await context.python().loadPackage(id, wanted);
  } catch (thrown) {
    const { code, message } = FlowsteadError.from(thrown);
    if (code !== "PackageToolNotFoundError" && code !== "PythonNotFound") throw thrown;
    const installed = code === "PackageToolNotFoundError" ? message.split("\n").filter((line) => line !== "") : [];
    throw new FlowsteadError(
      "PackageToolNotFoundError",
      `Package tool '${id}' is not found in the current environment. All available package tools are: ${pyRepr([...known, ...installed])}.`,
      { cause: thrown },
    );
  }
}
