// Data collection: what a sampled call got and gave, as lines of JSON in the original's layout,
// `{endpoint}/{deployment}/{collection}/{yyyy}/{MM}/{dd}/{HH}/{instance}.jsonl`, cut at the rolling rate.

import path from "node:path";
import { type Logger, SILENT } from "../../base/log.ts";
import { uuid } from "../../base/id.ts";
import { stringifyJson } from "../../base/json.ts";
import type { Value, ValueMap } from "../../base/value.ts";
import type { FlowEvent } from "../../flow/event.ts";
import type { DataCollectorSpec, DeploymentSpec } from "../specification/deployment-spec.ts";
import type { Redact } from "./redaction.ts";
import { type RollingFile, rollingFile } from "./rolling-file.ts";
import { writeTrouble } from "./write-trouble.ts";

export interface Collector {
  /** The events, unchanged; those of a sampled call leave their inputs and outputs in the files. */
  watch(spec: DeploymentSpec, requestId: string, events: AsyncIterable<FlowEvent>): AsyncIterable<FlowEvent>;
  flush(): Promise<void>;
}

export interface CollectorOptions {
  folder: string;
  redact: Redact;
  /** Told when data cannot be kept. */
  log?: Logger;
  /** Draws from 0 to 1; for tests. */
  random?: () => number;
  /** For tests. */
  clock?: () => Date;
}

/** Inputs and outputs have the original's names for the values of a model and for the bodies of a call. */
const INPUTS = ["model_inputs", "request"];
const OUTPUTS = ["model_outputs", "response"];
/** Of each time span: what would not fit in one is cut by the rolling file. */
const MOST_BYTES = 64 * 2 ** 20;
const MOST_OPEN = 64;

export function openCollector({
  folder,
  redact,
  log = SILENT,
  random = Math.random,
  clock = () => new Date(),
}: CollectorOptions): Collector {
  const files = new Map<string, RollingFile>();
  const trouble = writeTrouble({ log, what: "Collected data", now: () => clock().getTime() });
  const fileOf = (name: string): RollingFile => {
    let file = files.get(name);
    if (!file) {
      file = rollingFile(path.join(folder, name), { maxBytes: MOST_BYTES, trouble });
      files.set(name, file);
      const [oldest] = files.keys();
      if (files.size > MOST_OPEN && oldest !== undefined) files.delete(oldest);
    }
    return file;
  };

  function put(
    spec: DeploymentSpec,
    collection: string,
    { requestId, data }: { requestId: string; data: Value },
  ): void {
    const collector = spec.dataCollector as DataCollectorSpec;
    const now = clock();
    const text = redact(stringifyJson(data));
    const size = Buffer.byteLength(text);
    const line = {
      specversion: "1.0",
      id: uuid(),
      source: `/onlineEndpoints/${spec.endpointName}/deployments/${spec.name}`,
      type: `azureml.inference.${collection}`,
      datacontenttype: "application/json",
      time: now.toISOString().replace(/\.\d+Z$/, "Z"),
      data: "",
      contentrange: `bytes 0-${size - 1}/${size}`,
      correlationid: requestId,
      xrequestid: requestId,
      modelversion: spec.model?.version ?? "default",
      collectdatatype: "dict",
      agent: "flowstead",
    };
    // The text is JSON already; written again it would lose what Python's numbers are.
    const json = JSON.stringify(line).replace('"data":""', () => `"data":${text}`);
    const place = path.join(spec.endpointName, spec.name, collection, `${spanOf(now, collector.rollingRate)}.jsonl`);
    fileOf(place).write(json);
  }

  return {
    async *watch(spec, requestId, events) {
      const { dataCollector } = spec;
      if (!dataCollector || random() >= dataCollector.samplingRate) {
        yield* events;
        return;
      }
      const wanted = (names: readonly string[]): string[] =>
        names.filter((name) => dataCollector.collections[name]?.enabled);
      for await (const event of events) {
        if (event.type === "flow-start") {
          for (const name of wanted(INPUTS)) put(spec, name, { requestId, data: dataOf(name, event.inputs) });
        } else if (event.type === "flow-end") {
          for (const name of wanted(OUTPUTS)) put(spec, name, { requestId, data: dataOf(name, event.outputs) });
        }
        yield event;
      }
    },
    flush: async () => {
      await Promise.all([...files.values()].map((file) => file.flush()));
    },
  };
}

/** The original's collections of a model are tables: a list of rows. */
function dataOf(collection: string, values: ValueMap): Value {
  return collection.startsWith("model_") ? [values] : values;
}

/** `yyyy/MM/dd/HH/` and the start of the span, in UTC; the original cuts folders by the hour whatever the rate is. */
function spanOf(now: Date, rate: DataCollectorSpec["rollingRate"]): string {
  const [date = "", time = ""] = now.toISOString().split("T");
  const [year = "", month = "", day = ""] = date.split("-");
  const [hour = "", minute = ""] = time.split(":");
  const kept = { minute: 5, hour: 4, day: 3, month: 2, year: 1 }[rate];
  const parts = [year, month, day, hour, minute].map((part, index) => (index < kept ? part : index < 3 ? "01" : "00"));
  return [...parts.slice(0, 4), parts.join("")].join("/");
}
