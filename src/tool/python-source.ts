// Where a Python tool's function comes from, and the connections that a node names for it.

import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { FlowsteadError } from "../base/error/error.ts";
import { pyRepr, pyStr } from "../base/value.ts";
import type { Connection } from "../connection/connection.ts";
import type { Assignment, NodeDefinition } from "../flow/definition.ts";
import { nodeConnection, takesConnection } from "../flow/literal.ts";
import { formatAssignment } from "../flow/reference.ts";
import type { PrepareContext } from "../flow/tool.ts";
import type { PythonSignature } from "../python/message.ts";
import type { PythonCall } from "../python/session.ts";

/** The file of a tool, relative to the flow's folder. @throws FlowsteadError `InvalidSource` when it is not there. */
export function sourceFile({ name: node }: NodeDefinition, file: string | undefined, directory: string): string {
  if (file === undefined)
    throw new FlowsteadError("InvalidSource", `Load tool failed for node '${node}'. The source path is 'None'.`);
  const full = path.join(directory, file);
  if (existsSync(full) && statSync(full).isFile()) return file;
  throw new FlowsteadError(
    "InvalidSource",
    `Load tool failed for node '${node}'. Tool file '${file}' can not be found.`,
    { details: { node, file } },
  );
}

/**
 * What the constructor of a tool's class takes is known when the flow is loaded.
 * @throws FlowsteadError `InputTypeMismatch`, `MissingRequiredInputs`.
 */
export function checkInit(
  { name: tool, inputs: parameters, init }: Pick<PythonSignature, "name" | "inputs" | "init">,
  inputs: Readonly<Record<string, Assignment>>,
): void {
  for (const [name, input] of Object.entries(inputs)) {
    if (!init.includes(name) || input.kind === "literal") continue;
    const given = pyStr(formatAssignment(input)).replace(/^\$\{inputs\./, "${flow.");
    throw new FlowsteadError(
      "InputTypeMismatch",
      `Invalid input for '${tool}': Initialization input '${name}' requires a literal value, but ${given} was received.`,
      { details: { input: name } },
    );
  }
  const missing = init.filter((name) => inputs[name] === undefined && !parameters[name]?.has_default);
  if (missing.length === 0) return;
  throw new FlowsteadError(
    "MissingRequiredInputs",
    `Required inputs ${pyRepr(missing)} are not provided for tool '${tool}'.`,
    { details: { inputs: missing } },
  );
}

/** The connections that a node names for parameters that take one. @throws FlowsteadError `NodeInputValidationError`. */
export async function findConnections(
  node: NodeDefinition,
  signature: Pick<PythonSignature, "inputs">,
  context: PrepareContext,
): Promise<PythonCall["connections"]> {
  const found: PythonCall["connections"] = {};
  for (const [name, parameter] of Object.entries(signature.inputs)) {
    const input = node.inputs[name];
    if (!takesConnection(parameter) || input?.kind !== "literal" || !input.value) continue;
    const connection: Connection = await nodeConnection(context.resources, pyStr(input.value), node.name);
    if (!parameter.type.includes(connection.type)) {
      throw new FlowsteadError(
        "NodeInputValidationError",
        `Input '${name}' for node '${node.name}' of type '${connection.type}' is not supported, valid types [${parameter.type.map((type) => `'${type}'`).join(", ")}].`,
        { details: { node: node.name, input: name } },
      );
    }
    const customType = connection.type === "CustomConnection" ? parameter.custom_type?.[0] : undefined;
    found[name] = { connection, customType };
  }
  return found;
}
