// How a container reaches what its system lends it: two sockets in a folder that is mounted into it, and a token among its
// variables.

/** Variables of the container. */
export const FOLDER_VARIABLE = "FLOWSTEAD_RESOURCES";
export const TOKEN_VARIABLE = "FLOWSTEAD_RESOURCES_TOKEN";
/** Where the folder is seen inside. */
export const MOUNTED_AT = "/run/flowstead";
/** In the folder: models, indexes and connections, and the gateway for clients of the flow's own. */
export const RESOURCE_SOCKET = "resources.sock";
export const GATEWAY_SOCKET = "gateway.sock";
