// What the commands around online endpoints share: where one lies in the control plane, how it is sent, and how to call it.

import { type Command, Option } from "commander";
import { FlowsteadError } from "../../base/error/error.ts";
import { endpointToArm } from "../../endpoint/control/arm-endpoint.ts";
import type { EndpointSpec } from "../../endpoint/specification/endpoint-spec.ts";
import { withAccepted } from "../option.ts";
import type { OnlineClient } from "./client.ts";

/** What scripts of the original carry along: the cloud's coordinates, and `--local` for Docker on the caller's machine. */
export function withCloudFlags(command: Command): Command {
  command.addOption(new Option("--local [yes]", "accepted for scripts: everything here is local").hideHelp());
  const place = ["-g, --resource-group <name>", "-w, --workspace-name <name>", "--subscription <id>"];
  return withAccepted(command, ...place, "--web");
}

export function placeOf(endpoint: string): string {
  return `/onlineEndpoints/${encodeURIComponent(endpoint)}`;
}

/** Keys, or for an endpoint with tokens a new one. @throws FlowsteadError `Conflict` where only the identity provider gives tokens. */
export async function credentials(client: OnlineClient, endpoint: string): Promise<Record<string, unknown>> {
  const found = await client.send("GET", placeOf(endpoint));
  const mode = (found["properties"] as Record<string, unknown>)["authMode"];
  if (mode === "AADToken") {
    const text = `Endpoint "${endpoint}" takes tokens of the identity provider. Fetch one there.`;
    throw new FlowsteadError("Conflict", text);
  }
  return client.send("POST", `${placeOf(endpoint)}/${mode === "AMLToken" ? "token" : "listKeys"}`);
}

export function bodyOf(spec: EndpointSpec): object {
  return endpointToArm({ spec, createdAt: 0, updatedAt: 0, state: "Creating" }, { workspace: "", host: "" });
}
