import path from "node:path";
import { secretToken } from "../base/id.ts";
import { readOwnerFile } from "../store/owner-file.ts";

/** The key for whoever runs this system: made at the first call, in a file that only its owner may read. */
export async function gatewayKey(folder: string): Promise<string> {
  return (await readOwnerFile(path.join(folder, "gateway.key"), () => `${secretToken()}\n`)).trim();
}
