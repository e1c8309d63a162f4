// The tables of the desired state. Times are milliseconds since the epoch; columns named JSON hold JSON text.

export interface OnlineEndpointTable {
  name: string;
  /** JSON: the keys of the endpoint's YAML. */
  spec: string;
  /** SHA-256 in hex: what calls are checked against. */
  primary_hash: string;
  secondary_hash: string;
  /** The keys themselves and the secret of tokens, encrypted: to show a key again, as the original does. */
  sealed: string;
  /** JSON of the configuration that made it; null when a command did. */
  configured: string | null;
  created_at: number;
  updated_at: number;
}

export interface OnlineDeploymentTable {
  endpoint_name: string;
  name: string;
  /** JSON: the keys of the deployment's YAML. */
  spec: string;
  /** Of the flow's files when the deployment was last applied; null where it has none. */
  flow_digest: string | null;
  created_at: number;
  updated_at: number;
}

export interface ControlSchema {
  online_endpoint: OnlineEndpointTable;
  online_deployment: OnlineDeploymentTable;
}
