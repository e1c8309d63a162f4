// The environment variables of a provider's own library.

/** How a model is described without a connection. */
export interface ClientVariables {
  /** The setting that says where it is. */
  address: string;
  /** Where it is when nobody says. */
  usual?: string;
  /** Environment variables by setting. */
  variables: Readonly<Record<string, string>>;
}
