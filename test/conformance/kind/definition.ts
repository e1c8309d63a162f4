// What a flow's file says about its name and its connections, and how errors nest.

import path from "node:path";
import { readFileSync } from "node:fs";
import type { ValueMap } from "../../../src/base/value.ts";
import { connectionNames } from "../../../src/flow/connection-name.ts";
import { type NestedError, nestedErrorChain } from "../../../src/flow/error-chain.ts";
import { createImage } from "../../../src/flow/image.ts";
import { loadFlow, parseFlow } from "../../../src/flow/load.ts";
import { createPythonPool } from "../../../src/python/pool.ts";
import type { FlowsteadError } from "../../../src/base/error/error.ts";
import type { Kinds } from "../case.ts";
import { expectEqual, expectFailure } from "../compare.ts";

const FLOWS = "src/promptflow/tests/test_configs/flows";

export const DEFINITION_KINDS: Kinds = {
  "unit:flow_name"({ inputs, expect }, { upstream }) {
    const file = inputs["file_name"] as string;
    const text = readFileSync(path.join(upstream, FLOWS, "flow_name", file), "utf8");
    const name = (inputs["name_from_payload"] as string | null) ?? undefined;
    const given = { file, folderName: "flow_name", ...(name === undefined ? {} : { name }) };
    expectEqual(parseFlow(text, given).name, expect["expected_name"]);
  },

  async "unit:connection_names"({ flow, expect }, { upstream, python }) {
    const { directory, definition } = loadFlow(path.join(upstream, flow ?? ""));
    const env = { PATH: process.env["PATH"] };
    const pool = createPythonPool({ directory, env, ...(python === undefined ? {} : { interpreter: python }) });
    try {
      const names = await connectionNames(definition, async ({ type, source }) => {
        if (type !== "python" || !source?.path) return undefined;
        return (await pool.load(source.path).catch(() => undefined))?.inputs;
      });
      expectEqual(names.toSorted(), (expect["expected_connection_names"] as string[]).toSorted());
    } finally {
      await pool.close();
    }
  },

  "unit:error_code_hierarchy"({ inputs, expect }) {
    expectEqual(nestedErrorChain(inputs["input_dict"] as NestedError), expect["expected"]);
  },

  async "unit:image_url_ssrf_guard"({ inputs }) {
    const image: ValueMap = { "data:image/jpeg;url": inputs["url"] as string };
    const error = await expectFailure(() => createImage(image, { directory: ".", format: "basic", env: {} }));
    expectEqual((error as FlowsteadError).code, "InvalidImageInput", "error");
  },
};
