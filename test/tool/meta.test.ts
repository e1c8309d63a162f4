// What flow.tools.json says about the files of a flow, in the original's form.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ValueMap } from "../../src/base/value.ts";
import { createPythonPool } from "../../src/python/pool.ts";
import { toolMeta } from "../../src/tool/meta.ts";

const PICK = `
from enum import Enum
from typing import Union
from promptflow.core import tool
from promptflow._sdk.entities import AzureOpenAIConnection, OpenAIConnection
from promptflow.connections import CustomStrongTypeConnection
from promptflow.contracts.types import Secret
from promptflow._core.tool import DynamicList, GeneratedBy, InputSetting


class Kind(str, Enum):
    A = "a"
    B = "b"


class Mine(CustomStrongTypeConnection):
    key: Secret


def colours(prefix, limit: int = 3, **kwargs):
    return []


def shades(subscription_id, light: bool = True):
    return []


def query(shade: str):
    return shade


def shade_of(query: str):
    return {}


@tool(
    description="Picks.",
    category="choice",
    input_settings={
        "colour": InputSetting(
            enabled_by="kind",
            enabled_by_value=[Kind.B],
            allow_manual_entry=True,
            dynamic_list=DynamicList(function=colours, input_mapping={"prefix": "start"}),
            order=2,
        ),
        "question": InputSetting(
            generated_by=GeneratedBy(
                query,
                shade_of,
                {"shade": InputSetting(is_multi_select=True, dynamic_list=DynamicList(function=shades))},
            )
        ),
    },
)
def pick(
    model: Union[AzureOpenAIConnection, OpenAIConnection], mine: Mine, start: str, colour, question: str = "",
    kind: Kind = Kind.A, many: int = 3, sure=True, note=None, **rest
):
    """Not this."""
    return colour
`;

const TYPO = `
from promptflow.core import tool
from promptflow.entities import InputSetting


@tool(input_settings={"colour": InputSetting(enabled_by="kind"), "size": InputSetting()})
def pick(colour: str):
    return colour
`;

test("a Python tool's meta has its inputs as they are written and what its decorator says about them", async (context) => {
  const { directory, meta } = open(context, { "pick.py": PICK });
  const file = path.join(directory, "pick.py");
  assert.deepEqual(await meta("pick.py", "python"), {
    name: "pick",
    type: "python",
    inputs: {
      model: { type: ["AzureOpenAIConnection", "OpenAIConnection"] },
      mine: { type: ["CustomConnection"] },
      start: { type: ["string"] },
      colour: {
        type: ["object"],
        enabled_by: "kind",
        enabled_by_value: ["b"],
        allow_manual_entry: true,
        dynamic_list: {
          func_path: `${file}:colours`,
          func_kwargs: [
            { name: "prefix", type: ["object"], reference: "${inputs.start}", optional: false },
            { name: "limit", type: ["int"], default: 3, optional: true },
          ],
        },
        order: 2,
      },
      question: {
        type: ["string"],
        generated_by: {
          func_path: `${file}:query`,
          func_kwargs: [{ name: "shade", type: ["string"], reference: "${inputs.shade}", optional: false }],
          reverse_func_path: `${file}:shade_of`,
        },
      },
      kind: { type: ["string"], default: "a", enum: ["a", "b"] },
      many: { type: ["int"], default: "3" },
      sure: { type: ["bool"], default: "True" },
      note: { type: ["object"] },
      shade: {
        is_multi_select: true,
        dynamic_list: {
          func_path: `${file}:shades`,
          func_kwargs: [{ name: "light", type: ["bool"], default: true, optional: true }],
        },
        type: ["string"],
        input_type: "uionly_hidden",
      },
    },
    description: "Picks.",
    source: "pick.py",
    function: "pick",
    enable_kwargs: true,
    category: "choice",
  });
});

test("settings of inputs that there are not are told together", async (context) => {
  const { meta } = open(context, { "pick.py": TYPO });
  await assert.rejects(meta("pick.py", "python"), {
    code: "ToolValidationError",
    message:
      'Tool validation failed: Cannot find the input "kind" for the enabled_by of colour.;Cannot find size in tool inputs.',
  });
});

test("a template's meta has its variables, and the comment that it begins with", async (context) => {
  const { meta } = open(context, {
    "ask.jinja2": "{# Asks. #}\n{{ question }} ![image]({{photo}})",
    "plain.jinja2": "Hello",
  });
  assert.deepEqual(await meta("ask.jinja2", "llm"), {
    name: "ask",
    type: "llm",
    inputs: { question: { type: ["string"] }, photo: { type: ["image"] } },
    description: "Asks.",
    source: "ask.jinja2",
  });
  assert.deepEqual(await meta("plain.jinja2", "prompt"), { name: "plain", type: "prompt", source: "plain.jinja2" });
});

function open(context: { after: (end: () => Promise<void>) => void }, files: Record<string, string>) {
  const directory = mkdtempSync(path.join(tmpdir(), "flowstead-meta-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(directory, name), text);
  const python = createPythonPool({ directory, env: { PATH: process.env["PATH"] } });
  context.after(async () => {
    await python.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const meta = (file: string, type: string): Promise<ValueMap> => toolMeta(file, type, { directory, python });
  return { directory, meta };
}
