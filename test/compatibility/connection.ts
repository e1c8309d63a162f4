// The connections that the examples name, made from the original's own files as their readme files tell.

import path from "node:path";
import { type Surroundings, command } from "./run.ts";

export async function prepareConnections(surroundings: Surroundings, url: string): Promise<void> {
  const azure = ["api_key=fake", `api_base=${url}`];
  const made: { file: string; name?: string; set: string[] }[] = [
    { file: "connections/azure_openai.yml", set: azure },
    { file: "connections/azure_openai.yml", name: "aoai_gpt4v_connection", set: azure },
    { file: "connections/azure_openai.yml", name: "azure_openai", set: azure },
    { file: "connections/azure_openai.yml", name: "your_open_ai_connection", set: azure },
    {
      file: "flows/standard/basic-with-connection/custom.yml",
      set: ["secrets.api_key=fake", `configs.api_base=${url}`],
    },
    { file: "connections/custom.yml", set: ["secrets.api-key=fake"] },
    {
      file: "flex-flows/eval-criteria-with-langchain/connection.yml",
      set: ["secrets.openai_api_key=fake", `configs.azure_endpoint=${url}`],
    },
    {
      file: "tools/use-cases/custom-strong-type-connection-package-tool-showcase/my_custom_connection.yml",
      set: ["secrets.api_key=fake", "configs.api_base=fake"],
    },
    {
      file: "tools/use-cases/custom-strong-type-connection-script-tool-showcase/custom.yml",
      set: ["secrets.api_key=fake", "configs.api_base=fake"],
    },
  ];
  for (const { file, name, set } of made) {
    const source = path.join(surroundings.upstream, "examples", file);
    const args = ["connection", "create", "--file", source, "--set", ...set];
    const { status, stderr } = await command(name === undefined ? args : [...args, "--name", name], surroundings);
    if (status !== 0) console.error(`connection of ${file}: ${stderr.trim()}`);
  }
}
