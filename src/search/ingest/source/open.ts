// What can be added to an index, by the form of its name: a folder, a file, a ZIP archive, or a prefix in a store of objects.

import { stat } from "node:fs/promises";
import path from "node:path";
import { FlowsteadError } from "../../../base/error/error.ts";
import { isAddress } from "../scan-path.ts";
import type { AzureBlobSettings } from "./azure-blob.ts";
import { folderSource } from "./folder.ts";
import type { S3Settings } from "./s3.ts";
import type { Source } from "./source.ts";

export interface SourceSettings {
  s3?: S3Settings | undefined;
  azure_blob?: AzureBlobSettings | undefined;
}

/** As a collection knows a source: an absolute path, or an address without a slash at its end. */
export function sourceScope(target: string): string {
  if (!isAddress(target)) return path.resolve(target);
  // Whoever copies an address from a tool may copy its signature, which is a secret and belongs in the settings.
  if (/[?#]/.test(target)) {
    throw new FlowsteadError(
      "InvalidRequest",
      "An address may not have a query: it would be kept and shown. Give a SAS as AZURE_STORAGE_SAS_TOKEN.",
    );
  }
  return target.replace(/\/+$/, "");
}

/** @throws FlowsteadError `DocumentNotFound`, `InvalidRequest` for an address of another kind. */
export async function openSource(scope: string, settings: SourceSettings): Promise<Source> {
  if (!isAddress(scope)) return localSource(scope);
  const { protocol, host, pathname, origin, username } = new URL(scope);
  const below = decodePath(pathname);
  if (username !== "") throw new FlowsteadError("InvalidRequest", "An address may not hold a name or a password.");
  // The stores are loaded where they are asked for.
  const { objectSource } = await import("./object-store.ts");
  if (protocol === "s3:") {
    const { s3Store } = await import("./s3.ts");
    return objectSource(s3Store(host, below, settings.s3 ?? {}));
  }
  const blob = settings.azure_blob ?? {};
  const { azureBlobStore, blobEndpoint } = await import("./azure-blob.ts");
  if (protocol === "az:") {
    const place = { endpoint: blobEndpoint(blob), container: host, prefix: below, scope };
    return objectSource(azureBlobStore(place, blob));
  }
  if ((protocol === "https:" || protocol === "http:") && /\.blob\./.test(host)) {
    const [container = "", ...rest] = below.split("/");
    const prefix = rest.join("/");
    return objectSource(azureBlobStore({ endpoint: origin, container, prefix, scope }, blob));
  }
  throw new FlowsteadError(
    "InvalidRequest",
    `${scope} is no source: give a folder, a file, a ZIP archive, s3://BUCKET/PREFIX, az://CONTAINER/PREFIX or ` +
      "https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX.",
  );
}

async function localSource(scope: string): Promise<Source> {
  const found = await stat(scope).catch((thrown: unknown) => {
    throw new FlowsteadError("DocumentNotFound", `${scope} does not exist or cannot be reached.`, { cause: thrown });
  });
  if (found.isFile() && scope.toLowerCase().endsWith(".zip")) {
    const { archiveSource } = await import("./archive.ts");
    return archiveSource(scope);
  }
  return folderSource(scope);
}

function decodePath(pathname: string): string {
  const plain = pathname.replace(/^\/+|\/+$/g, "");
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}
