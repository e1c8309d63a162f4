import { isMap } from "../../base/value.ts";
import type { EnvironmentSpec, InferenceRoute } from "./deployment-spec.ts";
import type { SpecReader } from "./spec-reader.ts";

/** The image and its routes. Instances that are child processes of this program need neither. */
export function readEnvironment(reader: SpecReader, isProcess: boolean): EnvironmentSpec | undefined {
  const value = reader.value("environment");
  if (value === undefined) return undefined;
  const why = "instances run in this program's own environment; the drivers container and kubernetes use an image";
  if (!isMap(value)) {
    const reference = reader.text("environment");
    if (isProcess) reader.ignore("environment", why);
    return reference === undefined ? undefined : { reference };
  }
  const section = reader.section("environment");
  if (!section) return undefined;
  const image = section.text("image");
  const build = section.section("build");
  const path = build?.text("path");
  const dockerfilePath = build?.text("dockerfile_path");
  build?.finish();
  section.ignore("build", "images are not built here; `flowstead flow build` prepares the folder for one");
  const routes = section.section("inference_config");
  const [liveness, readiness, scoring] = ["liveness_route", "readiness_route", "scoring_route"].map(
    (key) => routes && readRoute(routes, key),
  );
  routes?.finish();
  if (isProcess) for (const key of section.keys()) section.ignore(key, why);
  for (const key of ["conda_file", "name", "version", "$schema", "description", "tags", "os_type"]) {
    section.ignore(key, "the image has to hold what its server needs");
  }
  section.finish();
  return {
    ...(image === undefined ? {} : { image }),
    ...(path === undefined ? {} : { build: { path, ...(dockerfilePath === undefined ? {} : { dockerfilePath }) } }),
    ...(liveness ? { livenessRoute: liveness } : {}),
    ...(readiness ? { readinessRoute: readiness } : {}),
    ...(scoring ? { scoringRoute: scoring } : {}),
  };
}

function readRoute(routes: SpecReader, key: string): InferenceRoute | undefined {
  const route = routes.section(key);
  if (!route) return undefined;
  const path = route.text("path") ?? "/";
  const port = route.whole("port", { min: 1, max: 65_535 }) ?? 8080;
  route.finish();
  return { path, port };
}
