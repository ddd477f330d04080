// in a file of its own: the published declarations must not need those of gRPC

/** Part of the SDK's `ClientConfig` with the engine's address. Missing values come from the environment. */
export interface EngineAddress {
  readonly token?: string;
  /** `host:port` of the engine. */
  readonly host_port?: string;
  readonly tls_config?: {
    readonly tls_strategy?: 'tls' | 'mtls' | 'none' | undefined;
    readonly ca_file?: string | undefined;
    readonly cert_file?: string | undefined;
    readonly key_file?: string | undefined;
    readonly server_name?: string | undefined;
  };
}
